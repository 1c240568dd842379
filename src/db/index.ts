export { asDatabaseError, DatabaseError, type DatabaseErrorCode } from './errors.ts';
export { migrate, migrationsFolder, readMigrations, type Migration } from './migrate.ts';
export {
  applicationId,
  createDatabase,
  openDatabase,
  quickCheck,
  type Database,
  type DatabaseOptions,
} from './open.ts';
export { prepared } from './prepared.ts';
