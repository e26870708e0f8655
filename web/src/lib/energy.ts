/** "11.482": kWh to the watt-hour. */
export function kwhText(energyWh: number): string {
  return (energyWh / 1000).toFixed(3)
}

/** "9.8 kW", which no line break takes apart. */
export function powerText(powerKw: number): string {
  return `${powerKw.toFixed(1)}\u00a0kW`
}
