/** Where the journey goes and who makes it, from the environment. */

function required(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') throw new Error(`Set ${name}: the browser journey needs it.`)
  return value
}

function address(name: string): string {
  return required(name).replace(/\/$/, '')
}

export type Person = { readonly email: string; readonly password: string }

export const settings = {
  url: address('EVGRAPH_URL'),
  panelUrl: address('EVGRAPH_PANEL_URL'),
  attendant: { email: required('EVGRAPH_EMAIL'), password: required('EVGRAPH_PASSWORD') },
  operator: { email: required('EVGRAPH_OPERATOR_EMAIL'), password: required('EVGRAPH_OPERATOR_PASSWORD') },
} as const
