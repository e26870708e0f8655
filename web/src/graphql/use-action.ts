import type { AnyVariables, TypedDocumentNode } from '@urql/core'
import { useCallback, useState } from 'react'
import { useClient } from 'urql'
import { createAttemptKeys } from '@/lib/idempotency'
import type { UserErrorLineFragment } from './generated/graphql'
import { problemsOfError, problemsOfPayload, type Problem } from './problems'

type Payload = { readonly errors: readonly UserErrorLineFragment[] }

export type Action<Variables, Result> = {
  /** The payload once the server has done it; null when it refused or gave no answer, and `problems` says why. */
  run: (variables: Variables) => Promise<Result | null>
  readonly problems: readonly Problem[]
  readonly isRunning: boolean
  dismiss: () => void
}

/** One mutation as a person meets it: asked for, running, done, or refused in whole sentences. */
export function useAction<Data, Variables extends AnyVariables, Result extends Payload>(
  document: TypedDocumentNode<Data, Variables>,
  payloadOf: (data: Data) => Result,
  isSafe = false,
): Action<Variables, Result> {
  const client = useClient()
  const [problems, setProblems] = useState<readonly Problem[]>([])
  const [isRunning, setIsRunning] = useState(false)

  async function run(variables: Variables): Promise<Result | null> {
    setIsRunning(true)
    setProblems([])
    const { data, error } = await client.mutation(document, variables).toPromise()
    setIsRunning(false)
    if (data === undefined || data === null) {
      setProblems(error === undefined ? [] : problemsOfError(error, isSafe))
      return null
    }
    const payload = payloadOf(data)
    setProblems(problemsOfPayload(payload.errors))
    return payload.errors.length === 0 ? payload : null
  }

  const dismiss = useCallback(() => setProblems([]), [])
  return { run, problems, isRunning, dismiss }
}

type SafeInput = { readonly idempotencyKey?: string | null | undefined }

/**
 * A mutation that may be sent again after a lost answer: the same input goes out under the same idempotencyKey until
 * the server has answered.
 */
export function useSafeAction<Data, Input extends SafeInput, Result extends Payload>(
  document: TypedDocumentNode<Data, { input: Input }>,
  payloadOf: (data: Data) => Result,
): Action<Omit<Input, 'idempotencyKey'>, Result> {
  const [keys] = useState(createAttemptKeys)
  const action = useAction(
    document,
    (data) => {
      keys.settle()
      return payloadOf(data)
    },
    true,
  )
  return {
    ...action,
    run: (input) => action.run({ input: { ...input, idempotencyKey: keys.keyFor(input) } as Input }),
  }
}
