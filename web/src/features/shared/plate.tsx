import type { VehicleLineFragment } from '@/graphql/generated/graphql'
import classes from './plate.module.css'

/** A licence plate as it looks on the car, which is how attendants find it. */
export function Plate({ vehicle }: { readonly vehicle: VehicleLineFragment }) {
  return (
    <span className={classes.plate}>
      {vehicle.licensePlate}
      {vehicle.plateState !== null && <span className={classes.state}>{vehicle.plateState}</span>}
    </span>
  )
}
