import { Autocomplete, Button, SegmentedControl, Switch, TextInput, Textarea } from '@mantine/core'
import { useState, type SyntheticEvent } from 'react'
import { CheckInDocument, type CheckInMutation } from '@/graphql/generated/graphql'
import { fieldProblem, problemsBeside } from '@/graphql/problems'
import { useSafeAction } from '@/graphql/use-action'
import { CheckoutField } from '../shared/checkout-field'
import { useGarage } from '../shared/garage'
import { ProblemNotice } from '../shared/problem-notice'
import { paints } from '../shared/vehicle'
import { checkInInput, emptyForm, shownFields, type CheckInForm } from './check-in-form'
import { makes, plateStates } from './vehicle-words'
import classes from './check-in.module.css'

type Props = {
  readonly onCheckedIn: (payload: CheckInMutation['checkIn']) => void
}

export function CheckInFields({ onCheckedIn }: Props) {
  const { garage, permissions } = useGarage()
  const [form, setForm] = useState(emptyForm)
  const checkIn = useSafeAction(CheckInDocument, (data) => data.checkIn)
  const problemOf = (path: (typeof shownFields)[number]) => fieldProblem(checkIn.problems, path)
  const change = (changes: Partial<CheckInForm>) => setForm((before) => ({ ...before, ...changes }))

  async function submit(event: SyntheticEvent) {
    event.preventDefault()
    const payload = await checkIn.run(checkInInput(form, garage, permissions.channel))
    if (payload !== null) onCheckedIn(payload)
  }

  return (
    <form className={classes.form} onSubmit={(event) => void submit(event)}>
      <div className={classes.fields}>
        <SegmentedControl
          className={classes.wide}
          aria-label="Kind of stay"
          size="lg"
          fullWidth
          data={[
            { value: 'TRANSIENT', label: 'Transient' },
            { value: 'MONTHLY', label: 'Monthly' },
          ]}
          value={form.kind}
          onChange={(value) => change({ kind: value === 'MONTHLY' ? 'MONTHLY' : 'TRANSIENT' })}
        />
        <TextInput
          label="License plate"
          required
          autoFocus
          autoCapitalize="characters"
          autoComplete="off"
          value={form.licensePlate}
          error={problemOf('vehicle.licensePlate')}
          onChange={(event) => change({ licensePlate: event.currentTarget.value })}
        />
        <Autocomplete
          label="State"
          autoCapitalize="characters"
          data={plateStates}
          limit={8}
          value={form.plateState}
          error={problemOf('vehicle.plateState')}
          onChange={(plateState) => change({ plateState })}
        />
        <Autocomplete
          label="Make and model"
          data={makes}
          limit={8}
          value={form.make}
          error={problemOf('vehicle.make')}
          onChange={(make) => change({ make })}
        />
        <Autocomplete
          label="Color"
          data={Object.keys(paints)}
          value={form.color}
          error={problemOf('vehicle.color')}
          onChange={(color) => change({ color })}
        />
        <TextInput
          className={classes.wide}
          label="Ticket number"
          description="Leave it empty to get the next one"
          autoComplete="off"
          inputMode="numeric"
          value={form.ticketNumber}
          error={problemOf('ticketNumber')}
          onChange={(event) => change({ ticketNumber: event.currentTarget.value })}
        />
      </div>
      <div className={classes.fields}>
        <Switch
          className={classes.wide}
          classNames={{ body: classes.switch ?? '', label: classes.switchLabel ?? '' }}
          size="xl"
          label="EV Charge"
          description="Puts the vehicle on the EV queue"
          checked={form.evCharge}
          onChange={(event) => change({ evCharge: event.currentTarget.checked })}
        />
        <div className={classes.wide}>
          <CheckoutField
            value={form.checkout}
            onChange={(checkout) => change({ checkout })}
            problem={problemOf('estimatedCheckoutAt')}
          />
        </div>
        <Textarea
          className={classes.wide}
          label="Charging note"
          description="How the owner starts and stops a charge on this vehicle"
          rows={2}
          value={form.chargingNote}
          error={problemOf('chargingNote')}
          onChange={(event) => change({ chargingNote: event.currentTarget.value })}
        />
        <div className={classes.finish}>
          <ProblemNotice problems={problemsBeside(checkIn.problems, shownFields)} onDismiss={checkIn.dismiss} />
          <Button className={classes.submit} type="submit" fullWidth loading={checkIn.isRunning}>
            Check in
          </Button>
        </div>
      </div>
    </form>
  )
}
