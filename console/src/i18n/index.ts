// The language of the page: Chinese unless this browser chose English.
import { computed, watchEffect } from 'vue'
import { createI18n } from 'vue-i18n'
import en from './en'
import zh from './zh-CN'

export type Language = 'zh-CN' | 'en'
export const LANGUAGES: Record<Language, string> = { 'zh-CN': '中文', en: 'English' }

const KEY = 'shouwang.language'
const stored = localStorage.getItem(KEY)

export const i18n = createI18n({
  legacy: false,
  locale: (stored === 'en' ? 'en' : 'zh-CN') as Language,
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en },
})

export const language = computed<Language>({
  get: () => i18n.global.locale.value as Language,
  set: chosen => {
    i18n.global.locale.value = chosen
    localStorage.setItem(KEY, chosen)
  },
})

watchEffect(() => (document.documentElement.lang = language.value))

export const t = (key: string, named: Record<string, unknown> = {}): string => i18n.global.t(key, named)
/** Whether there are words for this key; what is new in the service has none yet. */
export const has = (key: string): boolean => i18n.global.te(key)
