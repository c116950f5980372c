// What a person may write about each kind of roster object, and how a form asks for it.
export type Kind = 'sites' | 'residents' | 'devices'
export type Item = Record<string, unknown>
export type Input = 'text' | 'long' | 'number' | 'choice' | 'site' | 'resident' | 'model' | 'contacts' | 'fences'

export interface Field {
  name: string
  input: Input
  needed?: boolean
  /** The choices' names in the words: `site_kind.home`. */
  choices?: readonly string[]
  words?: string
  fixed?: boolean
}

const id = (name: string): Field => ({ name, input: 'text', needed: true, fixed: true })
const text = (name: string): Field => ({ name, input: 'text' })

export const ID_OF: Record<Kind | 'fences', string> = {
  sites: 'site_id', residents: 'resident_id', devices: 'device_id', fences: 'fence_id',
}

export const FIELDS: Record<Kind, readonly Field[]> = {
  sites: [
    id('site_id'), text('name'),
    { name: 'kind', input: 'choice', needed: true, words: 'site_kind', choices: ['nursing_home', 'day_care', 'happiness_home', 'home', 'canteen'] },
    { name: 'lat', input: 'number', needed: true }, { name: 'lon', input: 'number', needed: true },
    text('county'), text('street'), text('phone'), text('street_phone'),
  ],
  residents: [
    id('resident_id'), text('name'), { name: 'site_id', input: 'site' }, text('room'), text('birth_date'), text('care_level'),
    { name: 'risk_notes', input: 'long' }, { name: 'contacts', input: 'contacts' },
  ],
  devices: [
    id('device_id'),
    { name: 'kind', input: 'choice', needed: true, words: 'device_kind', choices: ['wristband', 'fire_sensor', 'home_sensor'] },
    { name: 'model', input: 'model' }, { name: 'site_id', input: 'site' }, text('zone'), { name: 'resident_id', input: 'resident' },
    { name: 'fence_ids', input: 'fences' },
  ],
}

/** Where the words for a field stand: an object's own id and a person's name are called otherwise. */
export function fieldKey(kind: string, name: string): string {
  if (ID_OF[kind as Kind] === name) return 'register.field.own_id'
  return kind === 'residents' && name === 'name' ? 'register.field.person_name' : `register.field.${name}`
}

/** What a form begins with: the fields of an object, absent ones as null. */
export function draftOf(kind: Kind, item: object | null): Item {
  const said = (item ?? {}) as Item
  const draft = Object.fromEntries(FIELDS[kind].map(field => [field.name, said[field.name] ?? null]))
  if (kind === 'devices' && !item) draft.kind = 'wristband'
  return JSON.parse(JSON.stringify(draft)) as Item
}

const plain = (value: unknown): unknown => {
  if (typeof value === 'string') return value.trim() || null
  if (!Array.isArray(value)) return value ?? null
  return value.map(one => (one && typeof one === 'object'
    ? Object.fromEntries(Object.entries(one as Item).map(([name, word]) => [name, plain(word)]).filter(([, word]) => word !== null))
    : plain(one))).filter(one => !(one && typeof one === 'object' && !Object.keys(one).length))
}

/** As it is sent: no blanks around, no empty text, no empty contact. */
export const cleaned = (draft: Item): Item =>
  Object.fromEntries(Object.entries(draft).map(([name, value]) => [name, plain(value)]))

/** The fields that are not what they were; no contacts and none at all are the same. */
export function changesOf(before: Item, after: Item): Item {
  const [old, now] = [cleaned(before), cleaned(after)]
  const said = (name: string, item: Item): string => JSON.stringify(name === 'contacts' ? item[name] ?? [] : item[name] ?? null)
  return Object.fromEntries(Object.entries(now).filter(([name]) => said(name, old) !== said(name, now)))
}

/** Whole years since a birth date or a birth year; null where none is known. */
export function ageOf(birthDate: string | null | undefined, nowMs: number): number | null {
  if (!birthDate) return null
  const today = new Date(nowMs + 8 * 3_600_000).toISOString().slice(0, 10)
  const years = Number(today.slice(0, 4)) - Number(birthDate.slice(0, 4))
  return birthDate.length > 4 && today.slice(5) < birthDate.slice(5) ? years - 1 : years
}
