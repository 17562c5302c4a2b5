// Names for the wire's shapes. The shapes themselves are generated from the server's OpenAPI document (`make types`).
import type { RecordedJson } from './recordedJson'
import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Session = Schemas['Session']
export type Provider = Schemas['Provider']
export type SecondFactor = Schemas['SecondFactor']
export type SecondFactorRule = Schemas['SecondFactorRule']
export type NewTOTP = Schemas['NewTOTP']
export type Passkey = Schemas['Passkey']
export type PasskeyOptions = Schemas['PasskeyOptions']
export type AddedPasskey = Schemas['AddedPasskey']
export type StepUp = Schemas['StepUp']
export type Confirmation = Schemas['Confirmation']
export type ConfirmationProof = Schemas['ConfirmationProof']
export type Role = Session['role']
export type Tenant = Schemas['SessionTenant']
export type Account = Schemas['Account']
export type NewAccount = Schemas['NewAccount']
export type AccountChange = Schemas['AccountChange']
export type AccountKey = Schemas['AccountKey']
export type ClosedAccount = Schemas['ClosedAccount']
export type ApiKey = Schemas['Key']
export type NewKey = Schemas['NewKey']
export type CreatedKey = Schemas['CreatedKey']
/** A tenant with all its settings, as an owner sees it. */
export type TenantSettings = Schemas['Tenant']
export type RemovedTenant = Schemas['RemovedTenant']
export type NewTenant = Schemas['NewTenant']
export type TenantChange = Schemas['TenantChange']
export type TenantStatus = Schemas['Status']
export type SystemStatus = Schemas['System']
export type ServerStatus = Schemas['ServerStatus']
export type Cluster = Schemas['Cluster']
export type ClusterNode = Schemas['ClusterNode']
export type JoinToken = Schemas['JoinToken']
export type Archive = Schemas['Archive']
export type ArchiveServer = Schemas['ArchiveServer']
export type ArchiveTenant = Schemas['ArchiveTenant']
export type TenantArchive = Schemas['TenantArchive']
export type Identity = Schemas['Identity']
export type IdentitySource = Identity['sources'][number]
export type IdentityRule = Identity['rules'][number]
export type IdentityPreviews = Schemas['Previews']
export type IdentityPreview = IdentityPreviews['sources'][number]
export type Checks = Schemas['Checks']
export type Finding = Schemas['Finding']
export type Backups = Schemas['Backups']
export type BackupFile = Schemas['BackupFile']
export type VerifierKey = Schemas['VerifierKey']
export type Witness = Schemas['Witness']
export type Retention = Schemas['Retention']
export type Hold = Schemas['Hold']
export type NewHold = Schemas['NewHold']
export type Deletion = Schemas['Deletion']
export type Waiting = Schemas['Waiting']
export type OwnSession = Schemas['OwnSession']

/** An entry as readJson reads it: the sender's own values are JSON text. */
type AsRecorded<E> = Omit<E, 'changes' | 'details'> & { changes?: Change[]; details?: RecordedJson }

export type Entry = AsRecorded<Schemas['Entry']>
export type ProvenEntry = AsRecorded<Schemas['ProvenEntry']>
export type Proof = Schemas['Proof']
export type Consistency = Schemas['Consistency']
export type KeyChange = Schemas['KeyChange']
export type KeyHistory = Schemas['KeyHistory']
export type Change = Omit<Schemas['Change'], 'before' | 'after'> & { before?: RecordedJson; after?: RecordedJson }
export type EntryPage = Omit<Schemas['Page'], 'entries'> & { entries: Entry[] }

export type NewEntry = Schemas['NewEntry']
export type Recorded = Schemas['Appended']

export type Summary = Schemas['Summary'] & {
  /** Without a quorum: nothing after `to` can be seen, although the period may end now. */
  ended?: boolean
}
export type Bucket = Schemas['Bucket']
export type FacetValue = Schemas['FacetValue']

export type Catalog = Schemas['Catalog']
export type CatalogModule = Schemas['Module']
export type CatalogOperation = Schemas['Operation']
export type Title = Schemas['Title']
export type OperationGroup = Schemas['Operation']['group']
export type Organization = Schemas['Organization']

export type Export = Schemas['Export']
export type Exports = Schemas['Exports']
export type ExportRequest = Schemas['ExportRequest']
export type WireFilters = Schemas['ExportFilters']
export type Preset = Exclude<Export['range'], 'custom'>

export type View = Schemas['View']
export type Views = Schemas['Views']
export type NewView = Schemas['NewView']
export type ViewChange = Schemas['ViewChange']
