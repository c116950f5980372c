// How old somebody is, from a day or only a year of birth; what cannot be believed is not said.
const FORM = /^(\d{4})(?:-(\d{2})-(\d{2}))?$/
const OLDEST = 125
const CITY_OFFSET_MS = 8 * 3_600_000

/** `about`: only the year is known, so it may be one less. */
export function ageOf(birth: unknown, nowMs: number): { years: number, about: boolean } | null {
  const parts = typeof birth === 'string' ? FORM.exec(birth.trim()) : null
  if (!parts) return null
  const now = new Date(nowMs + CITY_OFFSET_MS)
  const years = now.getUTCFullYear() - Number(parts[1])
  const month = Number(parts[2])
  const had = !parts[2] || now.getUTCMonth() + 1 > month || (now.getUTCMonth() + 1 === month && now.getUTCDate() >= Number(parts[3]))
  const age = had ? years : years - 1
  return age >= 0 && age <= OLDEST ? { years: age, about: !parts[2] } : null
}
