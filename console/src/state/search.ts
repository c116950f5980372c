// Finds an alarm by what a person remembers: a piece of a name, an id, or pinyin initials.
import { shallowRef } from 'vue'
import { kindName, placeName, siteName, subjectName } from '../format'
import type { Alarm } from '../logic/alarm'

type Initials = (text: string) => string

/** The table of pinyin is large, so it is fetched when somebody begins to search. */
const initials = shallowRef<Initials | null>(null)
const known = new Map<string, string>()

export async function wantPinyin(): Promise<void> {
  if (initials.value) return
  const { pinyin } = await import('pinyin-pro')
  initials.value = text => pinyin(text, { pattern: 'first', toneType: 'none', separator: '' }).toLowerCase()
}

function initialsOf(text: string): string {
  let said = known.get(text)
  if (said === undefined && initials.value) known.set(text, (said = initials.value(text).replaceAll(/\s/g, '')))
  return said ?? ''
}

/** A name in Latin letters; once the table is there. */
export const latinOf = (text: string): string => text.split(/([\u3400-\u9fff]+)/).map(part => (/[\u3400-\u9fff]/.test(part) ? initialsOf(part) : part)).join('')

export function nameFits(name: string, q: string): boolean {
  const wanted = q.trim().toLowerCase()
  return name.toLowerCase().includes(wanted) || (/^[a-z0-9]+$/.test(wanted) && initialsOf(name).includes(wanted))
}

export function found(alarm: Alarm, q: string): boolean {
  const names = [subjectName(alarm), siteName(alarm.site_id), alarm.device_id ?? '', alarm.alarm_id, placeName(alarm)]
  return [...names, kindName(alarm.kind)].some(name => nameFits(name, q))
}
