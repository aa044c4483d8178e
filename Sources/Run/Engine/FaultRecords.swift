internal import CLinuxShims
internal import CSharedRegion
internal import History
internal import RunContract
internal import PlanModel

/// The records of the faults.
extension TrialRecorder {
  /// The records of the faults of one launch in a row, as copied by `freeze`: the next launch begins with new slots.
  /// - Parameter ended: when the launch ended.
  func faultRecords(serial: Int, _ ended: UInt64) -> [FaultRecord] {
    arm.faults.indices.map { faultRecord($0, serial: serial, ended) }
  }

  /// - Parameter ended: when the trial ended; the effects of faults on processes have ended by then.
  private func faultRecord(_ number: Int, serial: Int, _ ended: UInt64) -> FaultRecord {
    let fault = region.fault(number).pointee
    let planned = arm.faults[number]
    // Nothing else is recorded for a fault that was not due.
    guard fault.is_due != 0 else {
      return FaultRecord(
        fault: number, name: planned.kind.name, point: planned.point, launch: Int(fault.launch),
        index: Int(fault.victim), isDue: false, serial: serial)
    }
    var record = FaultRecord(
      fault, fault: number, name: planned.kind.name, point: planned.point, serial: serial)
    if record.healed == 0 && record.witnessed != 0 { record.healed = ended }
    return record
  }
}
