// What is stored is WGS-84; what is drawn is as the ground beneath is. The schematic is WGS-84 too.
export type Place = [lon: number, lat: number]
export const toMap = (lon: number, lat: number): Place => [lon, lat]
export const fromMap = (lon: number, lat: number): Place => [lon, lat]
