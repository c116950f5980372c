// Whether the page is being put on paper: what is drawn, not styled, has to know.
import { ref } from 'vue'

export const onPaper = ref(false)
addEventListener('beforeprint', () => (onPaper.value = true))
addEventListener('afterprint', () => (onPaper.value = false))
matchMedia('print').addEventListener('change', event => (onPaper.value = event.matches))
