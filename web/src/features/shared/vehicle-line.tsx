import type { VehicleLineFragment } from '@/graphql/generated/graphql'
import { paintOf, vehicleText } from './vehicle'
import classes from './vehicle-line.module.css'

/** Make and color in words, with a dot of the paint where we know it. */
export function VehicleLine({ vehicle }: { readonly vehicle: VehicleLineFragment }) {
  const paint = paintOf(vehicle.color)
  return (
    <span className={classes.line}>
      {paint !== null && <span className={classes.paint} style={{ background: paint }} aria-hidden />}
      <span className={classes.words}>{vehicleText(vehicle)}</span>
    </span>
  )
}
