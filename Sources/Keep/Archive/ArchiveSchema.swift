internal import GRDB

/// The tables of the archive.
enum ArchiveSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    // A released migration is never changed: files have it. What changes gets a migration of its own.
    migrator.registerMigration("v1") { database in
      try database.execute(
        sql: """
          CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            folder TEXT NOT NULL UNIQUE,
            plan TEXT NOT NULL,
            seed TEXT NOT NULL,
            started_at TEXT NOT NULL,
            is_partial INTEGER NOT NULL,
            is_isolated INTEGER NOT NULL,
            kernel TEXT NOT NULL,
            machine TEXT NOT NULL,
            processors INTEGER NOT NULL,
            libzmq TEXT NOT NULL,
            version TEXT NOT NULL
          );
          CREATE INDEX run_of_plan ON run (plan, started_at);
          CREATE TABLE tag (
            run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            key TEXT NOT NULL,
            value TEXT NOT NULL,
            PRIMARY KEY (run_id, key)
          ) WITHOUT ROWID;
          CREATE TABLE definition (
            id INTEGER PRIMARY KEY,
            text TEXT NOT NULL UNIQUE
          );
          CREATE TABLE cell (
            id INTEGER PRIMARY KEY,
            run_id INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
            position INTEGER NOT NULL,
            scenario TEXT NOT NULL,
            strategy TEXT NOT NULL,
            definition_id INTEGER NOT NULL REFERENCES definition,
            strategy_answer TEXT NOT NULL,
            plan_answer TEXT NOT NULL,
            is_meant_to_fail INTEGER NOT NULL,
            stopped_by TEXT,
            is_by_launch INTEGER NOT NULL,
            launches_failed INTEGER NOT NULL,
            launches_recovered INTEGER NOT NULL,
            launches_counted INTEGER NOT NULL,
            launches_uncounted INTEGER NOT NULL,
            trials_failed INTEGER NOT NULL,
            trials_recovered INTEGER NOT NULL,
            trials_counted INTEGER NOT NULL,
            trials_uncounted INTEGER NOT NULL,
            UNIQUE (run_id, position)
          );
          CREATE INDEX cell_of_row ON cell (scenario, strategy);
          CREATE TABLE outcome (
            cell_id INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
            outcome TEXT NOT NULL,
            launches INTEGER NOT NULL,
            PRIMARY KEY (cell_id, outcome)
          ) WITHOUT ROWID;
          CREATE TABLE quantiles (
            cell_id INTEGER NOT NULL REFERENCES cell ON DELETE CASCADE,
            measure TEXT NOT NULL,
            p50_ns INTEGER NOT NULL,
            p99_ns INTEGER NOT NULL,
            max_ns INTEGER NOT NULL,
            samples INTEGER NOT NULL,
            PRIMARY KEY (cell_id, measure)
          ) WITHOUT ROWID;
          """)
    }
    return migrator
  }
}
