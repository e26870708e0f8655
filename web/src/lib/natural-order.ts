const collator = new Intl.Collator('en', { numeric: true, sensitivity: 'base' })

/** Port 2 before Port 10. */
export function naturalOrder(a: string, b: string): number {
  return collator.compare(a, b)
}
