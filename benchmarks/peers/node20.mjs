// PostGraphile 5 asks for Node 22; Node 20 lacks these two.
Promise.withResolvers ??= function () {
  let resolve, reject;
  const promise = new this((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
};
Promise.try ??= function (call, ...given) {
  return new this((resolve) => resolve(call(...given)));
};
