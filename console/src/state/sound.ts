// Sounds for what waits: a tone per priority, again and again until somebody acknowledges. One tab of
// a browser sounds, the one that holds the lock; the others know that it does.
import { ElMessage } from 'element-plus'
import { computed, ref, watch } from 'vue'
import { kindName, siteName, subjectName } from '../format'
import { t } from '../i18n'
import { isUnacknowledged } from '../logic/alarm'
import { muted, type Mute, NO_MUTE, type Tone, toneNow } from '../logic/mute'
import { lastSeq, openAlarms } from './alarms'
import { nowMs } from './clock'
import { session } from './session'

interface Beep { hz: number, atS: number, lengthS: number }

const LOCK = 'shouwang.sound'
const TONES: Record<Tone, { everyMs: number, wave: OscillatorType, beeps: Beep[] }> = {
  fire: {
    everyMs: 1600, wave: 'square',
    beeps: [0, 0.35, 0.7, 1.05].map((atS, i) => ({ hz: i % 2 ? 660 : 990, atS, lengthS: 0.3 })),
  },
  urgent: {
    everyMs: 2400, wave: 'triangle',
    beeps: [0, 0.22, 0.44].map(atS => ({ hz: 880, atS, lengthS: 0.16 })),
  },
  high: {
    everyMs: 8000, wave: 'sine',
    beeps: [{ hz: 523, atS: 0, lengthS: 0.25 }, { hz: 659, atS: 0.3, lengthS: 0.25 }],
  },
}
const VOLUME = 0.4
const TEST_GAP_MS = 1700

let context: AudioContext | null = null
let release: (() => void) | null = null
let playedMs = 0

/** This tab sounds; another one does; or no tab of this browser does. */
export const sounding = ref<'here' | 'elsewhere' | 'nowhere'>('nowhere')
export const testing = ref<Tone | null>(null)
export const notifications = ref(typeof Notification !== 'undefined' && Notification.permission === 'granted')
export const awake = ref(false)
const mute = ref<Mute>(NO_MUTE)

export const tone = computed(() => toneNow(openAlarms.value, mute.value, nowMs.value))
export const muteLeftMs = computed(() => Math.max(0, mute.value.untilMs - nowMs.value))

export function muteAll(): void {
  if (sounding.value !== 'here') return
  mute.value = muted(Date.now(), lastSeq.value)
  if (tone.value === 'fire') ElMessage.warning({ message: t('sound.not_fire') })
}

export function unmute(): void {
  mute.value = NO_MUTE
}

function play(which: Tone): void {
  if (!context) return
  const { wave, beeps } = TONES[which]
  for (const { hz, atS, lengthS } of beeps) {
    const from = context.currentTime + atS
    const oscillator = context.createOscillator()
    const gain = context.createGain()
    oscillator.type = wave
    oscillator.frequency.value = hz
    gain.gain.setValueAtTime(0, from)
    gain.gain.linearRampToValueAtTime(VOLUME, from + 0.01)
    gain.gain.setValueAtTime(VOLUME, from + lengthS - 0.02)
    gain.gain.linearRampToValueAtTime(0, from + lengthS)
    oscillator.connect(gain).connect(context.destination)
    oscillator.start(from)
    oscillator.stop(from + lengthS)
  }
}

/** The start of a shift; called from a click, because only that unlocks the sound. */
export async function startShift(): Promise<void> {
  context ??= new AudioContext()
  await context.resume()
  takeLock()
  void askNotifications()
  void stayAwake()
  for (const which of Object.keys(TONES) as Tone[]) {
    testing.value = which
    play(which)
    await new Promise(resolve => setTimeout(resolve, TEST_GAP_MS))
  }
  testing.value = null
}

/** Browsers give locks only to safe origins; elsewhere each tab sounds for itself. */
function takeLock(): void {
  if (!('locks' in navigator)) {
    sounding.value = 'here'
    return
  }
  void navigator.locks.request(LOCK, { steal: true }, () => {
    sounding.value = 'here'
    return new Promise<void>(resolve => (release = resolve))
  }).catch(() => {
    release = null // another tab began the shift anew and sounds from now on
    sounding.value = 'elsewhere'
  })
}

export function endShift(): void {
  release?.()
  release = null
  sounding.value = 'nowhere'
  mute.value = NO_MUTE
}

async function lookForOthers(): Promise<void> {
  if (sounding.value === 'here' && context?.state === 'running') return
  if (sounding.value === 'here') {
    endShift() // the browser took the sound away
    return
  }
  const held = 'locks' in navigator ? ((await navigator.locks.query()).held ?? []) : []
  sounding.value = held.some(lock => lock.name === LOCK) ? 'elsewhere' : 'nowhere'
}

async function askNotifications(): Promise<void> {
  if (typeof Notification === 'undefined') return
  notifications.value = (await Notification.requestPermission().catch(() => 'denied')) === 'granted'
}

async function stayAwake(): Promise<void> {
  try {
    const lock = await navigator.wakeLock.request('screen')
    awake.value = true
    lock.addEventListener('release', () => (awake.value = false))
  } catch {
    awake.value = false // an old browser, or a battery that is low
  }
}

document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible' && sounding.value === 'here') void stayAwake()
})

function beat(): void {
  void lookForOthers()
  if (sounding.value !== 'here' || testing.value || !session.value || !tone.value) return
  if (Date.now() - playedMs < TONES[tone.value].everyMs) return
  playedMs = Date.now()
  play(tone.value)
}

setInterval(beat, 400)
// A hidden tab's timers slow down to one a minute; the pulse of the stream does not.
watch(nowMs, beat)
watch(tone, () => (playedMs = 0))

let notifiedSeq = 0
watch(openAlarms, alarms => {
  const news = alarms.filter(alarm => alarm.priority === 'urgent' && isUnacknowledged(alarm) && alarm.seq > notifiedSeq)
  notifiedSeq = Math.max(notifiedSeq, lastSeq.value)
  if (!news.length || sounding.value !== 'here' || !notifications.value || document.visibilityState === 'visible') return
  const first = news[0]!
  const words = `${subjectName(first)} · ${siteName(first.site_id)}`
  new Notification(`${t('priority.urgent')} · ${kindName(first.kind)}`, { body: words, tag: first.alarm_id })
})
