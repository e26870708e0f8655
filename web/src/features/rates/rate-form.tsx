import { Button, NativeSelect, TextInput } from '@mantine/core'
import { IconCircleCheck, IconEye } from '@tabler/icons-react'
import { useState, type SyntheticEvent } from 'react'
import { SetRateDocument, type RateKind, type RateLineFragment } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useAction } from '@/graphql/use-action'
import { useGarage } from '../shared/garage'
import { ProblemNotice } from '../shared/problem-notice'
import { amountHint, amountLabel, amountText, amountTyped, previewText } from './rate-amount'
import { kindOf, rateKinds } from './rate-kinds'
import classes from './rates.module.css'

const fields = ['kind', 'amountCents']
const choices = Object.entries(rateKinds).map(([value, { label }]) => ({ value, label }))
const noKind = { value: '', label: 'Choose one' }

/** The form as it is filled in. */
type Entry = {
  /** Null while the garage's rate is of a kind that this screen does not know. */
  readonly kind: RateKind | null
  readonly amount: string
}

export function RateForm({ rate }: { readonly rate: RateLineFragment | null }) {
  const { garage } = useGarage()
  const [entry, setEntry] = useState(() => entryOf(rate === null ? 'PER_KWH' : kindOf(rate.kind)))
  const [isChecked, setIsChecked] = useState(false)
  const [saved, setSaved] = useState<{ readonly entry: Entry; readonly label: string } | null>(null)
  const setRate = useAction(SetRateDocument, (data) => data.setRate)
  const { kind } = entry
  const typed = kind === null ? null : amountTyped(entry.amount, kind, garage)
  const amountCents = typed?.amountCents ?? null
  // An answer to what was sent says nothing of what has been typed since.
  const isSaved = saved?.entry === entry

  /** With the amount of the rate that is set, if it is of that kind: 25 cents must not turn into 25 dollars. */
  function entryOf(of: RateKind | null): Entry {
    return { kind: of, amount: of !== null && rate?.kind === of ? amountText(rate.amountCents, of, garage) : '' }
  }

  function change(next: Entry) {
    setEntry(next)
    setIsChecked(false)
    setSaved(null)
    setRate.dismiss()
  }

  async function save(event: SyntheticEvent) {
    event.preventDefault()
    setSaved(null)
    setIsChecked(true)
    if (kind === null || amountCents === null) return
    const payload = await setRate.run({ input: { garageId: garage.id, kind, amountCents } })
    if (payload?.rate) setSaved({ entry, label: payload.rate.label })
  }

  return (
    <form className={classes.panel} onSubmit={(event) => void save(event)} noValidate>
      <h2 className={classes.subheading}>Current rate</h2>
      <NativeSelect
        label="Charge by"
        data={kind === null ? [noKind, ...choices] : choices}
        value={kind ?? ''}
        error={isChecked && kind === null ? 'Choose how to charge.' : fieldProblem(setRate.problems, 'kind')}
        onChange={(event) => change(entryOf(kindOf(event.currentTarget.value)))}
      />
      {kind !== null && (
        <TextInput
          label={amountLabel(kind, garage)}
          description={amountHint(kind, garage)}
          inputMode="decimal"
          autoComplete="off"
          value={entry.amount}
          error={(isChecked ? typed?.problem : null) ?? fieldProblem(setRate.problems, 'amountCents')}
          onChange={(event) => change({ kind, amount: event.currentTarget.value })}
          onBlur={() => setIsChecked(entry.amount !== '')}
        />
      )}
      {!isSaved && (
        <p className={classes.preview} aria-live="polite">
          {kind !== null && amountCents !== null && (
            <>
              <IconEye aria-hidden />
              <span>
                Will be saved as <strong>{previewText(amountCents, kind, garage)}</strong>
              </span>
            </>
          )}
        </p>
      )}
      <p className={classes.rule}>
        A session is billed at the rate in effect when it started. Sessions that are running keep their rate.
      </p>
      <ProblemNotice problems={problemsBeside(setRate.problems, fields)} onDismiss={setRate.dismiss} />
      {isSaved && (
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
