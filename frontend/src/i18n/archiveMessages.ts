import { archiveEn } from './archive.en'
import { archiveZh } from './archive.zh'
import { featureMessages } from './language'

/** The common texts, and those of archived days. */
export const useArchiveMessages = featureMessages({ archive: archiveEn }, { archive: archiveZh })
