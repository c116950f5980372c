// All open alarms, as of the newest transition this tab knows. Reading the API and listening to the
// stream overlap; the sequence of each alarm says which word is newer, so any order gives the same.
import { computed, ref, shallowRef } from 'vue'
import { get, withQuery } from '../api'
import type { components } from '../api-types'
import { type Alarm, isOpen } from '../logic/alarm'
import { compareAlarms } from '../logic/order'
import type { Transition } from '../stream/messages'

type Page = components['schemas']['AlarmPage']

const PAGE = 1000
const RETRY_MS = 2_000
const PATIENCE_MS = 5_000
const LOOK_MS = 50
const CLOSED_KEPT = 5000 // more closed ones than any answer that is still under way could hold
const GATHER_MS = 16 // a burst of transitions is one change of the page

const known = new Map<string, Alarm>()
/** Closed ones too, so that an old page cannot bring them back; the one that changed last is the last. */
const newestSeq = new Map<string, number>()
const snapshot = shallowRef<readonly Alarm[]>([])
let gathering = false
let seenSeq = 0
let loading = 0

export const loaded = ref(false)
export const lastSeq = ref(0)
/** All open alarms in the queue's order. */
export const openAlarms = computed(() => snapshot.value)

/** An alarm as the API tells it. */
export function apply(alarm: Alarm): void {
  if (alarm.seq < (newestSeq.get(alarm.alarm_id) ?? 0)) return
  keep(alarm)
}

/** A transition tells why it happened itself; why the alarm was raised stays what it was. */
export function applyTransition(transition: Transition): void {
  if (transition.seq <= (newestSeq.get(transition.alarm_id) ?? 0)) return
  const before = known.get(transition.alarm_id)
  const raises = transition.event === 'raise' || transition.event === 'reraise'
  keep(before && !raises ? { ...transition, because: before.because } : transition)
}

function keep(alarm: Alarm): void {
  newestSeq.delete(alarm.alarm_id)
  newestSeq.set(alarm.alarm_id, alarm.seq)
  if (isOpen(alarm)) known.set(alarm.alarm_id, alarm)
  else known.delete(alarm.alarm_id)
  seenSeq = Math.max(seenSeq, alarm.seq)
  if (newestSeq.size > known.size + 2 * CLOSED_KEPT) forgetClosed()
  gather()
}

function forgetClosed(): void {
  let tooMany = newestSeq.size - known.size - CLOSED_KEPT
  for (const id of newestSeq.keys()) {
    if (tooMany <= 0) return
    if (known.has(id)) continue
    newestSeq.delete(id)
    tooMany--
  }
}

/** What was open up to `after` and is not any more: it ended while nobody listened. */
function dropEnded(after: number, open: ReadonlySet<string>): void {
  for (const [id, alarm] of known) if (alarm.seq <= after && !open.has(id)) known.delete(id)
}

function gather(): void {
  if (gathering) return
  gathering = true
  setTimeout(spread, GATHER_MS)
}

/** Show what was gathered. Called by the hub's tick too: the browser slows the timers of a hidden tab. */
export function spread(): void {
  if (!gathering) return
  gathering = false
  snapshot.value = [...known.values()].sort(compareAlarms)
  lastSeq.value = seenSeq
}

/** A head start for a page that opens: the urgent ones, before all else is read and joined. */
export async function preload(): Promise<void> {
  const page = await get<Page>(withQuery('/alarms', { state: 'open', priority: 'urgent', limit: PAGE })).catch(() => null)
  if (!loaded.value) page?.items.forEach(apply)
}

/** Once all alarms are read, or it takes too long: what matters less is read then. */
export async function afterAlarms(): Promise<void> {
  const untilMs = performance.now() + PATIENCE_MS
  while (!loaded.value && performance.now() < untilMs) await new Promise(resolve => setTimeout(resolve, LOOK_MS))
}

/** Read everything that is open; the stream brings what comes after `after`. */
export async function load(after: number): Promise<void> {
  const turn = ++loading
  let open: ReadonlySet<string>
  for (;;) {
    try {
      open = await loadPages(turn)
      break
    } catch {
      await new Promise(resolve => setTimeout(resolve, RETRY_MS))
      if (turn !== loading) return
    }
  }
  if (turn !== loading) return
  dropEnded(after, open)
  seenSeq = Math.max(seenSeq, after)
  loaded.value = true
  gather()
}

async function loadPages(turn: number): Promise<Set<string>> {
  const open = new Set<string>()
  let after: number | null = 0
  while (after !== null && turn === loading) {
    const page: Page = await get<Page>(withQuery('/alarms', { state: 'open', limit: PAGE, after_seq: after }))
    if (turn !== loading) break
    for (const alarm of page.items) {
      apply(alarm)
      open.add(alarm.alarm_id)
    }
    after = page.next_after_seq
  }
  return open
}

export function forgetAlarms(): void {
  loading++
  known.clear()
  newestSeq.clear()
  seenSeq = lastSeq.value = 0
  loaded.value = false
  snapshot.value = []
}
