import { describe, expect, it } from 'vitest'
import { exampleTabs } from './example-tabs'

const document = `
  query Board($garageId: ID!) { garage(id: $garageId) { board { charging { ...Card } } } }
  query Me { viewer { name } }
  mutation SignIn($input: SignInInput!) { signIn(input: $input) { accessToken } }
  fragment Card on ChargingRequest { id stay { ...Plate } }
  fragment Plate on Stay { vehicle { licensePlate } }
`

describe('exampleTabs', () => {
  it('begins with signing in, and has that once', () => {
    const [first, ...others] = exampleTabs(document)
    expect(first?.query).toContain('signIn')
    expect(others.some(({ query }) => query.includes('signIn'))).toBe(false)
  })

  it('gives each operation the fragments that it needs, and no others', () => {
    const [, board, me] = exampleTabs(document)
    expect(board?.query).toContain('fragment Card')
    expect(board?.query).toContain('fragment Plate')
    expect(me?.query).not.toContain('fragment')
  })

  it('names the variables to fill in', () => {
    const [, board, me] = exampleTabs(document)
    expect(JSON.parse(board?.variables ?? '')).toEqual({ garageId: null })
    expect(me?.variables).toBeUndefined()
  })
})
