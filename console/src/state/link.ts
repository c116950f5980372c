// The life of this tab's link: joins the stream, feeds what it says to the state, knows when it is ill.
import { computed, ref, shallowRef, watch } from 'vue'
import { type Danger, type Link, linkDangers } from '../logic/health'
import { type StorageWarning, storageWarnings } from '../logic/storage'
import { joinStream, leaveStream } from '../stream/client'
import type { DeskLoad, Message, Moved, Pulse } from '../stream/messages'
import { applyTransition, forgetAlarms, lastSeq, load, spread } from './alarms'
import { nowMs, turnClock } from './clock'
import { loadRoster, stopRoster } from './roster'
import { expired, session } from './session'

const OFFSETS = 3 // a pulse that was held up says nothing of the clock

// Lengths of time are measured by the clock that nobody can set.
let heardAt = 0
let lostAt: number | null = null
let behindAt: number | null = null
let offsets: number[] = []
const pulse = shallowRef<Pulse | null>(null)
const listeners = new Set<(moved: Moved[]) => void>()

export const dangers = shallowRef<readonly Danger[]>([])
/** What is not dangerous yet. */
export const warnings = shallowRef<readonly StorageWarning[]>([])
export const connected = computed(() => !dangers.value.some(({ reason }) => reason === 'stream_silent'))
/** What the desk has to bear, by the last pulse. */
export const deskLoad = computed<DeskLoad | null>(() => pulse.value?.load ?? null)
/** By itself, so that lists are not folded anew each second. */
export const isFlood = computed(() => deskLoad.value?.flood ?? false)
const joined = ref(false)

function judge(): void {
  if (!joined.value) {
    dangers.value = warnings.value = []
    return
  }
  const now = performance.now()
  const link: Link = {
    silentMs: now - heardAt,
    lostMs: lostAt === null ? null : now - lostAt,
    clockOffsetMs: offsets.length < OFFSETS ? 0 : offsets.reduce((least, one) => (Math.abs(one) < Math.abs(least) ? one : least)),
    behindMs: behindAt === null ? 0 : now - behindAt,
    gateway: pulse.value?.gateway ?? null,
    gatewayAgeMs: pulse.value?.age_ms ?? null,
    canaryMissed: pulse.value?.canary?.missed ?? null,
    disk: pulse.value?.disk,
  }
  const found = linkDangers(link).filter(({ reason }) => pulse.value !== null || reason !== 'gateway_missing')
  const warned = storageWarnings(link)
  if (warned.length || warnings.value.length) warnings.value = warned
  if (found.length || dangers.value.length) dangers.value = found
}
watch(nowMs, judge)

export function onPositions(listener: (moved: Moved[]) => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export function openLink(): void {
  heardAt = performance.now()
  lostAt = behindAt = null
  joined.value = true
  joinStream(hear)
  void loadRoster()
}

export function closeLink(): void {
  leaveStream()
  stopRoster()
  forgetAlarms()
  joined.value = false
  pulse.value = null
  judge()
}

function heardServer(): void {
  heardAt = performance.now()
  lostAt = null
}

function onPulse(now: Pulse): void {
  heardServer()
  offsets = [...offsets, Date.now() - now.at_ms].slice(-OFFSETS)
  // Transitions overtake pulses, so what the pulse counts should be here already.
  if (lastSeq.value >= now.last_seq) behindAt = null
  else behindAt ??= performance.now()
  pulse.value = now
  turnClock()
  judge()
}

function hear(message: Message): void {
  switch (message.type) {
    case 'tick':
      turnClock()
      spread()
      break
    case 'lost':
      lostAt ??= performance.now()
      break
    case 'joined':
      void load(message.after)
      break
    case 'transition':
      heardServer()
      applyTransition(message.alarm)
      break
    case 'pulse':
      onPulse(message.pulse)
      break
    case 'positions':
      for (const listener of listeners) listener(message.items)
      break
    case 'reset':
      forgetAlarms()
      void loadRoster()
      break
    case 'signed_out':
      expired.value = true
      session.value = null
  }
}
