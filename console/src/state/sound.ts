// What sounds: a tone per priority, again and again until somebody acknowledges, in one tab of the browser.
import { computed, ref, watch } from 'vue'
import { isUnacknowledged } from '../logic/alarm'
import type { Danger } from '../logic/health'
import { isMuted, muted, type Mute, NO_MUTE, toneNow } from '../logic/mute'
import { type Tone, TONES } from '../logic/tones'
import { lastSeq, openAlarms } from './alarms'
import { audio, checkAudio, sound, soundAnew, tryOut, unlock } from './audio'
import { nowMs } from './clock'
import { beatElection, claim, giveUp, onMute, sounding, tellMute } from './election'
import { waitsForRepair } from '../logic/storage'
import { dangers } from './link'
import { askNotifications, letSleep, stayAwake } from './presence'
import { sayWhy } from './said'
import { session } from './session'

export { sounding } from './election'

const SHIFT = 'shouwang.shift'
const SHIFT_MS = 16 * 3_600_000 // a shift that nobody ended is over by then
const GAP_MS = 250

export type Tried = 'waiting' | 'playing' | 'played' | 'failed'

/** What the start of a shift found out. `heard` null: the operator has not said. */
export const tried = ref<Record<Tone, Tried>>({ fire: 'waiting', urgent: 'waiting', high: 'waiting', link: 'waiting' })
export const heard = ref<boolean | null>(null)
export const panelOpen = ref(false)
export const testing = computed(() => TONES.find(tone => tried.value[tone] === 'playing') ?? null)

const mute = ref<Mute>(NO_MUTE)
export const muteLeftMs = computed(() => (isMuted(mute.value, nowMs.value) ? mute.value.untilMs - nowMs.value : 0))

/** A wrong clock is told on the page alone: nobody can set it right in a hurry. */
const linkLost = computed(() => dangers.value.some(({ reason }) => reason !== 'clock_off' && !waitsForRepair(reason)))
export const tone = computed<Tone | null>(() =>
  toneNow(openAlarms.value, mute.value, nowMs.value) ?? (linkLost.value && !muteLeftMs.value ? 'link' : null))

export const soundDanger = computed<Danger | null>(() => {
  if (sounding.value === 'nowhere') return { reason: 'audio_locked' }
  if (sounding.value === 'here' && audio.value !== 'running') return { reason: 'audio_blocked' }
  return heard.value === false ? { reason: 'audio_unheard' } : null
})

export function muteAll(): void {
  if (sounding.value === 'nowhere') return sayWhy(['not_started'])
  if (!tone.value && !muteLeftMs.value) return sayWhy(['quiet'])
  mute.value = muted(Date.now(), lastSeq.value)
  tellMute(mute.value)
  if (tone.value === 'fire') sayWhy(['fire'])
}

export function unmute(): void {
  mute.value = NO_MUTE
  tellMute(NO_MUTE)
}
onMute.hear = heardMute => (mute.value = heardMute)

/** The start of a shift; called from a click, because only that unlocks the sound. */
export async function startShift(): Promise<void> {
  panelOpen.value = true
  heard.value = null
  if (await unlock()) {
    localStorage.setItem(SHIFT, String(Date.now()))
    claim()
  }
  void askNotifications()
  void stayAwake()
  await tryAll()
}

export async function tryAll(): Promise<void> {
  heard.value = null
  for (const which of TONES) tried.value[which] = 'waiting'
  for (const which of TONES) {
    await tryTone(which)
    await new Promise(resolve => setTimeout(resolve, GAP_MS))
  }
}

export async function tryTone(which: Tone): Promise<void> {
  if (testing.value) return
  tried.value[which] = 'playing'
  tried.value[which] = (await tryOut(which)) ? 'played' : 'failed'
}

/** Once, for news that is no alarm; never into a fire, nor while it is muted. */
export function chime(): void {
  if (sounding.value === 'here' && !muteLeftMs.value && !testing.value && tone.value !== 'fire') void tryOut('high')
}

export function endShift(): void {
  localStorage.removeItem(SHIFT)
  giveUp()
  letSleep()
  sound(null)
  mute.value = NO_MUTE
  heard.value = null
  panelOpen.value = false
}

const onShift = (): boolean => Math.abs(Date.now() - Number(localStorage.getItem(SHIFT) ?? 0)) < SHIFT_MS

/** The tab that sounded is gone in the middle of a shift: whoever may sound takes over. */
async function takeOver(): Promise<void> {
  if (sounding.value !== 'nowhere' || !session.value || !onShift()) return
  if (await unlock()) if (sounding.value === 'nowhere') claim()
}

let askedAtActivation = false
function beat(): void {
  checkAudio()
  beatElection(audio.value === 'running')
  // Without a click or key on this page the answer is no; it need not be asked again before.
  const active = navigator.userActivation?.hasBeenActive ?? false
  if (sounding.value === 'nowhere' && (active || !askedAtActivation)) {
    askedAtActivation = true
    void takeOver()
  }
}
watch(nowMs, beat)
for (const gesture of ['pointerdown', 'keydown']) addEventListener(gesture, () => void takeOver(), { capture: true, passive: true })

// The trial plays to its end, but a fire does not wait for it.
const loud = computed(() => {
  if (sounding.value !== 'here' || !session.value || (testing.value && tone.value !== 'fire')) return null
  return tone.value
})
watch(loud, sound, { flush: 'sync' })

/** The newest that waits; what is new begins the growing loudness anew. */
const newest = computed(() => openAlarms.value.reduce((most, alarm) =>
  alarm.priority !== 'low' && isUnacknowledged(alarm) ? Math.max(most, alarm.seq) : most, 0))
watch(newest, (now, before) => now > before && before > 0 && soundAnew())
