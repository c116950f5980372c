// Whether the window fits a media query, now and when it changes.
import { onBeforeUnmount, type Ref, ref } from 'vue'

export function useMedia(query: string): Ref<boolean> {
  const list = matchMedia(query)
  const fits = ref(list.matches)
  const look = (): void => void (fits.value = list.matches)
  list.addEventListener('change', look)
  onBeforeUnmount(() => list.removeEventListener('change', look))
  return fits
}
