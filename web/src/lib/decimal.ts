/** Decimal numbers as people type and read them in a locale. Exact: text in, text out, never a floating-point number. */

/** How a locale writes numbers, or amounts of a currency, which differ in some locales (fr-CH). */
export type Notation = {
  readonly decimal: string
  /** Between groups of digits: a comma in en-US, a period in de-DE, a space in fr-FR. */
  readonly group: string
  /** The digits 0 to 9. */
  readonly digits: readonly string[]
  /** A whole number with all its separators: "1,000"; "1,00,000" in en-IN. */
  readonly grouped: (whole: string) => string
}

// A locale that the browser does not know must not be read as the browser's own.
const fallback = 'en-US'
const longest = 20

export function notationOf(locale: string, currency?: string): Notation {
  const style = currency === undefined ? {} : ({ style: 'currency', currency } as const)
  const locales = [locale, fallback]
  const parts = new Intl.NumberFormat(locales, { ...style, minimumFractionDigits: 1 }).formatToParts(1.5)
  const whole = new Intl.NumberFormat(locales, { ...style, maximumFractionDigits: 0, useGrouping: 'always' })
  const digit = new Intl.NumberFormat(locales, { useGrouping: false })
  const partOf = (type: string, found: readonly Intl.NumberFormatPart[]) => found.find((part) => part.type === type)?.value
  return {
    decimal: plain(partOf('decimal', parts) ?? '.'),
    group: plain(partOf('group', whole.formatToParts(1_234_567)) ?? ','),
    digits: Array.from({ length: 10 }, (_, value) => digit.format(value)),
    grouped: (number) =>
      plain(
        whole
          .formatToParts(BigInt(number))
          .filter(({ type }) => type === 'integer' || type === 'group')
          .map(({ value }) => value)
          .join(''),
      ),
  }
}

/** One kind of space and of apostrophe: keyboards have no others. */
function plain(text: string): string {
  return text.normalize('NFKC').replace(/\s/g, ' ').replace(/[’ʼ]/g, "'")
}

function inAsciiDigits(text: string, { digits }: Notation): string {
  return Array.from(text, (character) => (digits.includes(character) ? String(digits.indexOf(character)) : character)).join('')
}

/**
 * The number that a person typed, as "1000.5": digits and a period. Null when it is not a number in that notation, is
 * negative, or has separators in other places than the locale puts them: "1,00" in en-US could mean 1 or 100.
 */
export function decimalTyped(text: string, notation: Notation): string | null {
  const typed = inAsciiDigits(plain(text).trim(), notation)
  if (typed.length > longest) return null
  const [whole = '', fraction, ...more] = typed.split(notation.decimal)
  if (more.length > 0 || (fraction !== undefined && !/^\d+$/.test(fraction))) return null
  const digits = whole.split(notation.group).join('')
  if (!/^\d+$/.test(digits)) return null
  const isAsWritten = whole === digits || whole === inAsciiDigits(notation.grouped(digits), notation)
  if (!isAsWritten) return null
  const plainWhole = digits.replace(/^0+(?=\d)/, '')
  return fraction === undefined ? plainWhole : `${plainWhole}.${fraction}`
}

/** What `decimalTyped` reads back as the same number, without separators between thousands. */
export function decimalText(exact: string, { decimal }: Notation): string {
  return exact.replace('.', decimal)
}

/** The exact number times ten to the power of `places`, without needless zeros: "5.00" by 2 is "500". */
export function shifted(exact: string, places: number): string {
  const [whole = '', fraction = ''] = exact.split('.')
  const before = '0'.repeat(Math.max(0, -places))
  const after = '0'.repeat(Math.max(0, places))
  const digits = before + whole + fraction + after
  const point = before.length + whole.length + places
  const left = digits.slice(0, point).replace(/^0+(?=\d)/, '')
  const right = digits.slice(point).replace(/0+$/, '')
  return right === '' ? left || '0' : `${left || '0'}.${right}`
}

export function decimalsOf(exact: string): number {
  return exact.split('.')[1]?.length ?? 0
}
