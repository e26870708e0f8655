import { CombinedError } from '@urql/core'
import { GraphQLError } from 'graphql'
import { describe, expect, test } from 'vitest'
import { fieldProblem, problemsBeside, problemsOfError, problemsOfPayload } from './problems'

function refused(code: string): CombinedError {
  return new CombinedError({ graphQLErrors: [new GraphQLError('x', { extensions: { code } })] })
}

describe('errors outside the payload', () => {
  test.each([
    ['FORBIDDEN', /role does not allow/],
    ['RATE_LIMITED', /Too many tries/],
    ['INTERNAL', /wrong on the server/],
    ['SOMETHING_NEW', /could not do this/],
  ])('%s becomes a sentence', (code, sentence) => {
    expect(problemsOfError(refused(code))).toEqual([
      { message: expect.stringMatching(sentence) as string, code: null, field: [] },
    ])
  })

  test('no answer says that trying again is safe, but only where it is', () => {
    const error = new CombinedError({ networkError: new TypeError('Failed to fetch') })
    expect(problemsOfError(error, true)[0]?.message).toMatch(/nothing is done twice/)
    expect(problemsOfError(error)[0]?.message).not.toMatch(/twice/)
  })
})

describe('typed refusals', () => {
  const problems = problemsOfPayload([
    { code: 'INVALID', message: 'The plate is empty.', field: ['input', 'vehicle', 'licensePlate'] },
    { code: 'DUPLICATE_TICKET', message: 'Ticket 10482 is in use.', field: ['input', 'ticketNumber'] },
    { code: 'NOT_FOUND', message: 'There is no such garage.', field: null },
  ])

  test('find their field', () => {
    expect(fieldProblem(problems, 'vehicle.licensePlate')).toBe('The plate is empty.')
    expect(fieldProblem(problems, 'vehicle.make')).toBeNull()
  })

  test('are all shown: what has no field on the form stands beside it', () => {
    const shown = problemsBeside(problems, ['vehicle.licensePlate', 'ticketNumber'])
    expect(shown.map(({ message }) => message)).toEqual(['There is no such garage.'])
  })
})
