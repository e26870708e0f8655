import { Button, NativeSelect, TextInput } from '@mantine/core'
import { IconCircleCheck } from '@tabler/icons-react'
import { useState, type SyntheticEvent } from 'react'
import { SetRateDocument, type RateLineFragment } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useAction } from '@/graphql/use-action'
import { useGarage } from '../shared/garage'
import { ProblemNotice } from '../shared/problem-notice'
import { centsTyped, kindOf, rateKinds, unitOf } from './rate-kinds'
import classes from './rates.module.css'

const fields = ['kind', 'amountCents']

export function RateForm({ rate }: { readonly rate: RateLineFragment | null }) {
  const { garage } = useGarage()
  const [kind, setKind] = useState(rate?.kind ?? 'PER_KWH')
  const [amount, setAmount] = useState(rate?.amountCents ?? '')
  const [mistake, setMistake] = useState<string | null>(null)
  const [saved, setSaved] = useState<RateLineFragment | null>(null)
  const setRate = useAction(SetRateDocument, (data) => data.setRate)

  async function save(event: SyntheticEvent) {
    event.preventDefault()
    const amountCents = centsTyped(amount)
    setSaved(null)
    setMistake(amountCents === null ? 'Enter an amount in cents, for example 25 or 32.5.' : null)
    if (amountCents === null) return
    const payload = await setRate.run({ input: { garageId: garage.id, kind, amountCents } })
    setSaved(payload?.rate ?? null)
  }

  return (
    <form className={classes.panel} onSubmit={(event) => void save(event)} noValidate>
      <h2 className={classes.subheading}>Current rate</h2>
      <NativeSelect
        label="Charge by"
        data={rateKinds.map(({ value, label }) => ({ value, label }))}
        value={kind}
        error={fieldProblem(setRate.problems, 'kind')}
        onChange={(event) => setKind(kindOf(event.currentTarget.value))}
      />
      <TextInput
        label={unitOf(kind)}
        description={`In cents of ${garage.currency}; parts of a cent are allowed`}
        inputMode="decimal"
        autoComplete="off"
        value={amount}
        error={mistake ?? fieldProblem(setRate.problems, 'amountCents')}
        onChange={(event) => setAmount(event.currentTarget.value)}
      />
      <p className={classes.rule}>
        A session is billed at the rate that was in force when it started. Sessions that run now keep theirs.
      </p>
      <ProblemNotice problems={problemsBeside(setRate.problems, fields)} onDismiss={setRate.dismiss} />
      {saved !== null && (
        <p className={classes.saved} role="status">
          <IconCircleCheck aria-hidden />
          Saved: {saved.label}.
        </p>
      )}
      <Button type="submit" loading={setRate.isRunning}>
        Save Changes
      </Button>
    </form>
  )
}
