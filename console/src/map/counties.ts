// The names of the counties and where to write them.
interface County { name: string, label: [number, number] }

export async function readCounties(): Promise<County[]> {
  const answer = await fetch('/weifang.json')
  const told = (await answer.json()) as { features: { properties: County }[] }
  return told.features.map(feature => feature.properties)
}
