import { backupsEn } from './backups.en'
import { backupsZh } from './backups.zh'
import { featureMessages } from './language'

/** The common texts, and those of scheduled backups. */
export const useBackupsMessages = featureMessages({ backups: backupsEn }, { backups: backupsZh })
