import { screen } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { describe, expect, test } from 'vitest'
import type { RateKind, RateLineFragment } from '@/graphql/generated/graphql'
import { createServer, noAnswer, renderInGarageWith } from '../shared/test/server'
import { RateForm } from './rate-form'

function aRate(kind: RateKind, amountCents: string, label: string): RateLineFragment {
  return { id: 'rate-1', kind, amountCents, label, effectiveFrom: '2026-11-01T00:00:00Z', setBy: 'Olga' }
}

function openForm(rate: RateLineFragment | null, garage: { locale?: string; currency?: string } = {}) {
  const server = createServer()
  renderInGarageWith(garage, <RateForm rate={rate} />, server.client, 'OPERATOR')
  return { server, user: userEvent.setup() }
}

const kindField = () => screen.getByLabelText('Charge by')
const amountField = () => screen.getByRole('textbox')
const save = () => screen.getByRole('button', { name: 'Save Changes' })
const saved = (rate: RateLineFragment) => ({ data: { setRate: { rate, errors: [] } } })

describe('a flat fee', () => {
  test('of 5.00 is five dollars, and is shown before it is saved', async () => {
    const { server, user } = openForm(null)
    await user.selectOptions(kindField(), 'Flat fee')
    expect(amountField()).toHaveAccessibleName('Flat fee in US dollars')
    await user.type(amountField(), '5.00')
    expect(screen.getByText('Flat fee: $5.00')).toBeVisible()
    server.willAnswer(saved(aRate('FLAT_FEE', '500', '$5.00 flat fee')))
    await user.click(save())
    expect(await screen.findByText('Saved: $5.00 flat fee.')).toBeVisible()
    expect(server.asked).toEqual([
      { name: 'SetRate', input: { garageId: 'garage-1', kind: 'FLAT_FEE', amountCents: '500' } },
    ])
  })

  test.each([
    [{}, '1,000', '100000'],
    [{ locale: 'de-DE', currency: 'EUR' }, '1.000', '100000'],
    [{ locale: 'de-DE', currency: 'EUR' }, '1,5', '150'],
  ])('%o: %s is %s cents', async (garage, typed, amountCents) => {
    const { server, user } = openForm(aRate('FLAT_FEE', '500', '$5.00 flat fee'), garage)
    await user.clear(amountField())
    await user.type(amountField(), typed)
    server.willAnswer(saved(aRate('FLAT_FEE', amountCents, 'as typed')))
    await user.click(save())
    expect(server.asked[0]?.input).toMatchObject({ kind: 'FLAT_FEE', amountCents })
  })

  test.each(['1,00', '1.2.3', '5.', 'abc', '-5', '$5', ' '])('of %j is refused, and the server is not asked', async (typed) => {
    const { server, user } = openForm(aRate('FLAT_FEE', '500', '$5.00 flat fee'))
    await user.clear(amountField())
    await user.type(amountField(), typed)
    expect(screen.queryByText(/Will be saved/)).toBeNull()
    await user.click(save())
    expect(amountField()).toHaveAccessibleDescription(/Enter an amount in US dollars, such as 5\.00\./)
    expect(server.asked).toEqual([])
  })
})

test('cents per kWh stay cents, with the amount in dollars beside them', async () => {
  const { server, user } = openForm(aRate('PER_KWH', '25', '25 c per kWh'))
  expect(amountField()).toHaveValue('25')
  await user.clear(amountField())
  await user.type(amountField(), '32.5')
  expect(screen.getByText('32.5 cents ($0.325) per kWh')).toBeVisible()
  server.willAnswer(saved(aRate('PER_KWH', '32.5', '32.5 c per kWh')))
  await user.click(save())
  expect(server.asked[0]?.input).toMatchObject({ kind: 'PER_KWH', amountCents: '32.5' })
})

test('another kind starts without an amount: 25 cents do not become 25 dollars', async () => {
  const { server, user } = openForm(aRate('PER_KWH', '25', '25 c per kWh'))
  await user.selectOptions(kindField(), 'Flat fee')
  expect(amountField()).toHaveValue('')
  await user.click(save())
  expect(server.asked).toEqual([])
  await user.selectOptions(kindField(), 'Cents per kWh')
  expect(amountField()).toHaveValue('25')
})

describe('"Saved" goes away', () => {
  async function afterSaving() {
    const opened = openForm(aRate('PER_KWH', '25', '25 c per kWh'))
    opened.server.willAnswer(saved(aRate('PER_KWH', '25', '25 c per kWh')))
    await opened.user.click(save())
    expect(await screen.findByText('Saved: 25 c per kWh.')).toBeVisible()
    return opened
  }

  test('when the amount changes, also by a character that is taken back', async () => {
    const { user } = await afterSaving()
    await user.type(amountField(), '0')
    expect(screen.queryByText(/^Saved/)).toBeNull()
    await user.type(amountField(), '{Backspace}')
    expect(screen.queryByText(/^Saved/)).toBeNull()
    expect(screen.getByText('25 cents ($0.25) per kWh')).toBeVisible()
  })

  test('when the kind changes', async () => {
    const { user } = await afterSaving()
    await user.selectOptions(kindField(), 'Cents per minute')
    expect(screen.queryByText(/^Saved/)).toBeNull()
  })

  test('when the same is saved again and the server gives no answer', async () => {
    const { server, user } = await afterSaving()
    server.willAnswer(noAnswer)
    await user.click(save())
    expect(await screen.findByRole('alert')).toHaveTextContent('The server gave no answer.')
    expect(screen.queryByText(/^Saved/)).toBeNull()
  })

  test('and never comes for an amount that was changed while it was saved', async () => {
    const { server, user } = openForm(aRate('PER_KWH', '25', '25 c per kWh'))
    const answer = server.willAnswerLater()
    await user.click(save())
    await user.type(amountField(), '0')
    answer(saved(aRate('PER_KWH', '25', '25 c per kWh')))
    expect(await screen.findByText('250 cents ($2.50) per kWh')).toBeVisible()
    expect(screen.queryByText(/^Saved/)).toBeNull()
  })
})

test('a refusal stands beside its field until the form changes', async () => {
  const { server, user } = openForm(aRate('PER_KWH', '25', '25 c per kWh'))
  const errors = [{ code: 'INVALID', message: 'A rate cannot be above 9 cents.', field: ['input', 'amountCents'] }]
  server.willAnswer({ data: { setRate: { rate: null, errors } } })
  await user.click(save())
  expect(amountField()).toHaveAccessibleDescription(/A rate cannot be above 9 cents\./)
  await user.type(amountField(), '0')
  expect(amountField()).not.toHaveAccessibleDescription(/A rate cannot be above/)
})

test('a kind of rate that this screen does not know is not saved as another one', async () => {
  const { server, user } = openForm(aRate('PER_DAY' as RateKind, '900', '$9.00 per day'))
  expect(kindField()).toHaveDisplayValue('Choose one')
  await user.click(save())
  expect(kindField()).toHaveAccessibleDescription('Choose how to charge.')
  expect(server.asked).toEqual([])
})
