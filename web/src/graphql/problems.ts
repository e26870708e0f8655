import type { CombinedError } from '@urql/core'
import type { ErrorCode, UserErrorLineFragment } from './generated/graphql'

/** Something that went wrong, in a sentence that a person in the garage can act on. */
export type Problem = {
  readonly message: string
  /** Null when the server never got as far as a typed refusal. */
  readonly code: ErrorCode | null
  /** Path of the input field at fault: ["vehicle", "licensePlate"]. */
  readonly field: readonly string[]
}

const byCode: Readonly<Record<string, string>> = {
  UNAUTHENTICATED: 'You are signed out. Sign in again to go on.',
  FORBIDDEN: 'Your role does not allow this here. Ask an operator.',
  RATE_LIMITED: 'Too many tries in a short time. Wait a moment, then try again.',
  BAD_USER_INPUT: 'The server did not understand what was entered. Check it and try again.',
  INTERNAL: 'Something went wrong on the server. Try again in a moment.',
}

const noAnswer = 'The server gave no answer. Check the connection and try again.'
const noAnswerYet = 'The server gave no answer. Check the connection and try again: nothing is done twice.'
const unknown = 'The server could not do this. Try again in a moment.'

function untyped(message: string): Problem {
  return { message, code: null, field: [] }
}

/** `isSafe`: the same may be sent again without being done twice. */
export function problemsOfError(error: CombinedError, isSafe = false): readonly Problem[] {
  if (error.networkError !== undefined) return [untyped(isSafe ? noAnswerYet : noAnswer)]
  const sentences = error.graphQLErrors.map(({ extensions }) => byCode[String(extensions.code)] ?? unknown)
  return [...new Set(sentences)].map(untyped)
}

export function problemsOfPayload(errors: readonly UserErrorLineFragment[]): readonly Problem[] {
  return errors.map(({ message, code, field }) => ({
    message,
    code,
    field: field?.[0] === 'input' ? field.slice(1) : (field ?? []),
  }))
}

/** The message for one field of a form, by its path joined with dots: "vehicle.licensePlate". */
export function fieldProblem(problems: readonly Problem[], path: string): string | null {
  return problems.find(({ field }) => field.join('.') === path)?.message ?? null
}

/** Those that belong to none of the fields that the form shows. */
export function problemsBeside(problems: readonly Problem[], paths: readonly string[]): readonly Problem[] {
  return problems.filter(({ field }) => !paths.includes(field.join('.')))
}
