import { TextInput } from '@mantine/core'
import { useId } from 'react'
import { useNow } from '@/lib/use-now'
import { toLocalField } from '@/lib/time'
import classes from './checkout-field.module.css'
import { useGarage } from './garage'

type Props = {
  /** As a datetime-local field holds it, in the garage's time zone; empty when nobody said. */
  readonly value: string
  readonly onChange: (value: string) => void
  readonly problem: string | null
}

const hours = [1, 2, 3, 4, 8] as const

/** Estimated checkout: a tap for what drivers mostly say, a field for the rest. */
export function CheckoutField({ value, onChange, problem }: Props) {
  const { garage } = useGarage()
  const now = useNow(60_000)
  const id = useId()
  const choices = hours.map((count) => ({
    count,
    field: toLocalField(new Date(now + count * 3_600_000), garage.timeZone),
  }))
  return (
    <div>
      <TextInput
        id={id}
        label="Estimated checkout"
        description={`In the garage’s time (${garage.timeZone})`}
        type="datetime-local"
        value={value}
        error={problem}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <div className={classes.choices} role="group" aria-label="Estimated checkout from now">
        {choices.map(({ count, field }) => (
          <button
            key={count}
            type="button"
            className={classes.choice}
            aria-pressed={value === field}
            onClick={() => onChange(value === field ? '' : field)}
          >
            in {count} h
          </button>
        ))}
      </div>
    </div>
  )
}
