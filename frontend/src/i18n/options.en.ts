export const optionsEn = {
  densities: { compact: 'Compact', standard: 'Standard', roomy: 'Roomy' },
  widthNote: 'Widths in pixels',
  foldedNote: 'Takes effect when the table has room for all columns.',
  usualWidths: 'Reset widths',
  auto: 'auto',
}
