import { type RefObject, useLayoutEffect, useState } from 'react'
import { useWidth } from './useWidth'

/** Whether a line of text has room in an input, in its font. */
export function useFits(input: RefObject<HTMLInputElement | null>, text: string): boolean {
  const width = useWidth(input)
  const [fits, setFits] = useState(true)
  useLayoutEffect(() => {
    const canvas = document.createElement('canvas').getContext('2d')
    if (!input.current || !canvas || width === 0) return
    const { fontSize, fontFamily, paddingLeft, paddingRight } = getComputedStyle(input.current)
    canvas.font = `${fontSize} ${fontFamily}`
    setFits(canvas.measureText(text).width <= width - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight))
  }, [input, text, width])
  return fits
}
