// One short line for a moment: why a key did nothing, or which keys come next.
import { ref } from 'vue'
import { kindName, moment } from '../format'
import { t } from '../i18n'
import type { Why } from '../logic/why-not'
import { nowMs } from './clock'

const SHOWN_MS = 4_000

export const said = ref('')
let timer: ReturnType<typeof setTimeout> | undefined

export function say(words: string): void {
  clearTimeout(timer)
  // The same words again are news to who hears the page only if they were gone in between.
  said.value = ''
  timer = setTimeout(() => {
    said.value = words
    timer = setTimeout(hush, SHOWN_MS)
  })
}
export function hush(): void {
  clearTimeout(timer)
  said.value = ''
}

export function sayWhy([name, named = {}]: Why): void {
  const { kind, time } = named
  say(t(`work.why.${name}`, {
    ...named,
    ...(typeof kind === 'string' ? { kind: kindName(kind) } : {}),
    ...(typeof time === 'number' ? { time: moment(time, nowMs.value) } : {}),
  }))
}
