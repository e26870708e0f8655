/** 128 random bits; `crypto.randomUUID` is missing on a plain-http address, such as a mini-PC in the garage. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export type AttemptKeys = {
  /** The same key for the same input, until the attempt is settled. */
  keyFor: (input: unknown) => string
  /** The server has answered: whatever comes next is a new attempt. */
  settle: () => void
}

export function createAttemptKeys(): AttemptKeys {
  let attempt: { input: string; key: string } | null = null
  return {
    keyFor(input) {
      const asText = JSON.stringify(input)
      if (attempt?.input !== asText) attempt = { input: asText, key: newKey() }
      return attempt.key
    },
    settle() {
      attempt = null
    },
  }
}
