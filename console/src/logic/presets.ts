// Named filters: those that come with the console, and those an operator keeps in this browser.
import { type Filter, fromQuery, NO_FILTER, toQuery } from './filter'

export interface Preset {
  name: string
  /** The part of the address after the question mark. */
  query: string
}

export const BUILT_IN: Record<'life' | 'wander' | 'mine' | 'overdue', Partial<Filter>> = {
  life: { kind: 'fire_confirmed,smoke,heat,co,gas,manual_call,sos,fall' },
  wander: { kind: 'fence_left,fence_entered,strap_off,position_lost' },
  mine: { mine: '1' },
  overdue: { state: 'overdue' },
}
export type BuiltIn = keyof typeof BUILT_IN

export const MAX_PRESETS = 20
export const MAX_NAME = 30

export const queryOf = (filter: Filter): string => new URLSearchParams(toQuery(filter)).toString()
export const filterOf = (query: string): Filter => fromQuery(Object.fromEntries(new URLSearchParams(query)))
export const builtIn = (name: BuiltIn): Filter => ({ ...NO_FILTER, ...BUILT_IN[name] })

/** What a browser kept; whatever is no preset is left out. */
export function readPresets(text: string | null): Preset[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]')
    if (!Array.isArray(kept)) return []
    return kept
      .filter((one): one is Preset => typeof one?.name === 'string' && one.name !== '' && typeof one.query === 'string')
      .map(({ name, query }) => ({ name: name.slice(0, MAX_NAME), query: queryOf(filterOf(query)) }))
      .slice(0, MAX_PRESETS)
  } catch {
    return []
  }
}

/** With one more; a name that exists is replaced. */
export function withPreset(presets: Preset[], name: string, filter: Filter): Preset[] {
  const kept = presets.filter(one => one.name !== name)
  return [...kept, { name, query: queryOf(filter) }].slice(-MAX_PRESETS)
}
