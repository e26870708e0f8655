import { timeText } from '@/lib/time'
import { useNow } from '@/lib/use-now'
import { useGarage } from './garage'

/** Writes an instant as the garage's clocks show it: "5:30 PM", "Mon 5:30 PM". */
export function useGarageTime(): (instant: string) => string {
  const { garage } = useGarage()
  const now = useNow(60_000)
  return (instant) => timeText(instant, garage.timeZone, now)
}
