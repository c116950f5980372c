// What one writes every night, by kind: the phrases that end an alarm, each with the outcome it proposes,
// and those that shelve one. The words are in the languages' files, under these names.
import type { Alarm } from './alarm'

type Outcome = NonNullable<Alarm['outcome']>
type Closing = Record<string, Outcome>

const CLOSING = {
  fire: { cooking: 'false', smoking: 'false', dust: 'false', broken: 'false', drill: 'test', real: 'real' },
  gas: { shut: 'real', leak: 'real', burning: 'real', hospital: 'real', false: 'false', test: 'test' },
  sos: { helped: 'real', slip: 'false', chat: 'other', hospital: 'real', test: 'test' },
  fall: { unhurt: 'real', hurt: 'real', hospital: 'real', false: 'false', test: 'test' },
  no_motion: { asleep: 'false', out: 'other', unwell: 'real', hospital: 'real', test: 'test' },
  fence_left: { found: 'real', escorted: 'other', leave: 'other', drift: 'false', police: 'real' },
  fence_entered: { led_away: 'real', escorted: 'other', drift: 'false', police: 'real' },
  strap_off: { worn_again: 'real', bath: 'other', replaced: 'real', false: 'false' },
  position_lost: { seen: 'other', found: 'real', replaced: 'real' },
  low_battery: { charged: 'real', replaced: 'real', spare: 'real', aged: 'real' },
  not_worn: { worn_again: 'real', away: 'other', charging: 'real', refuses: 'real' },
  contact: { restored: 'real', repaired: 'real', reported: 'real', retired: 'other', test: 'test' },
  tamper: { service: 'test', refixed: 'real', removed: 'real', false: 'false' },
  water: { stopped: 'real', restored: 'real', trial: 'test', false: 'false', reported: 'real' },
  electrical: { fixed: 'real', cut: 'real', start: 'false', test: 'test' },
  device: { repaired: 'real', reported: 'real', false: 'false', test: 'test' },
} satisfies Record<string, Closing>

const SHELVING = {
  fence_left: ['carer', 'family', 'doctor'], fence_entered: ['carer', 'works'], strap_off: ['bath', 'going', 'replacing'],
  position_lost: ['seen', 'family'], no_motion: ['asleep', 'family'], low_battery: ['charging', 'ordered', 'spare'],
  not_worn: ['away', 'charging', 'skin'], contact: ['power', 'reported', 'away', 'retired'], device: ['service', 'reported', 'works', 'parts'],
} satisfies Record<string, string[]>

/** Kinds that share phrases. */
const GROUP: Record<string, string> = {
  smoke: 'fire', heat: 'fire', manual_call: 'fire', fire_confirmed: 'fire', co: 'gas', contact_lost: 'contact', data_gap: 'contact',
  site_contact_lost: 'contact', water_flow: 'water', water_pressure_low: 'water', water_leak: 'water',
}

const groupOf = <T extends object>(kind: string, of: T): string & keyof T => {
  const group = GROUP[kind] ?? kind
  return (group in of ? group : 'device') as string & keyof T
}

export interface Phrase { key: string, outcome: Outcome | null }

export function closingPhrases(kind: string): Phrase[] {
  const group = groupOf(kind, CLOSING)
  return Object.entries(CLOSING[group]).map(([name, outcome]) => ({ key: `work.close.${group}.${name}`, outcome }))
}

export function shelvingPhrases(kind: string): Phrase[] {
  const group = groupOf(kind, SHELVING)
  return SHELVING[group].map(name => ({ key: `work.shelve.${group}.${name}`, outcome: null }))
}
