/** Instants as people in the garage read them: always in the garage's own time zone, never in the tablet's. */

const locale = 'en-US'
const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

function parts(instant: Date, timeZone: string): Record<string, string> {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  })
  return Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, value]))
}

function dateIn(instant: Date, timeZone: string): string {
  const { year, month, day: dayOfMonth } = parts(instant, timeZone)
  return `${year}-${month}-${dayOfMonth}`
}

/** How far the zone's clocks are ahead of UTC at that instant, in milliseconds. */
function offset(instant: Date, timeZone: string): number {
  const p = parts(instant, timeZone)
  const asUtc = Date.parse(`${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}:${p.second}Z`)
  return asUtc - Math.floor(instant.getTime() / 1000) * 1000
}

/** "4:38 PM" today, "Mon 4:38 PM" within six days, "Nov 3, 4:38 PM" beyond. */
export function timeText(instant: string, timeZone: string, now: number): string {
  const date = new Date(instant)
  const time = new Intl.DateTimeFormat(locale, { timeZone, hour: 'numeric', minute: '2-digit' }).format(date)
  if (dateIn(date, timeZone) === dateIn(new Date(now), timeZone)) return time
  const isNear = Math.abs(date.getTime() - now) < 6 * day
  const dayText = new Intl.DateTimeFormat(
    locale,
    isNear ? { timeZone, weekday: 'short' } : { timeZone, month: 'short', day: 'numeric' },
  ).format(date)
  return isNear ? `${dayText} ${time}` : `${dayText}, ${time}`
}

/** "Nov 3, 2026, 4:38 PM". */
export function dateTimeText(instant: string, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone, dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(instant),
  )
}

export function clockText(now: number, timeZone: string): string {
  return new Intl.DateTimeFormat(locale, { timeZone, hour: 'numeric', minute: '2-digit' }).format(new Date(now))
}

/** "52 min", "1 h 12 min", "2 d 3 h"; less than a minute is "under 1 min". */
export function durationText(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / minute)
  if (minutes < 1) return 'under 1 min'
  if (minutes < 60) return `${minutes} min`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`
  return hours % 24 === 0 ? `${Math.floor(hours / 24)} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`
}

/** "42 s", "3 min 5 s": for how old a picture is, where seconds matter. */
export function ageText(milliseconds: number): string {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return durationText(milliseconds)
}

/** "just now", "12 min ago". */
export function agoText(instant: string, now: number): string {
  const elapsed = now - Date.parse(instant)
  return elapsed < minute ? 'just now' : `${durationText(elapsed)} ago`
}

/** What a datetime-local field shows for that instant: "2026-11-22T16:38". */
export function toLocalField(instant: Date, timeZone: string): string {
  const p = parts(instant, timeZone)
  return `${p.year}-${p.month}-${p.day}T${p.hour}:${p.minute}`
}

/**
 * The instant that a datetime-local field means in the zone, or null when it holds no whole time. A time that the
 * zone's clocks skip in spring is read as the same time an hour later.
 */
export function fromLocalField(field: string, timeZone: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(field)) return null
  const asUtc = Date.parse(`${field.slice(0, 16)}:00Z`)
  if (Number.isNaN(asUtc)) return null
  const guess = asUtc - offset(new Date(asUtc), timeZone)
  return new Date(asUtc - offset(new Date(guess), timeZone)).toISOString()
}
