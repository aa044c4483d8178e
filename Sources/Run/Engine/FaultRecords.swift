internal import CLinuxShims
internal import CSharedRegion
internal import History
internal import RunContract
internal import PlanModel

/// What became of the faults.
extension TrialRecorder {
  /// What became of the faults of one launch of a row, as copied by `freeze`: the next launch begins with new slots.
  /// - Parameter ended: when the launch was over.
  func faultRecords(serial: Int, _ ended: UInt64) -> [FaultRecord] {
    arm.faults.indices.map { faultRecord($0, serial: serial, ended) }
  }

  /// - Parameter ended: when the trial was over; what a fault had done to processes is over by then.
  private func faultRecord(_ number: Int, serial: Int, _ ended: UInt64) -> FaultRecord {
    let fault = region.fault(number).pointee
    let planned = arm.faults[number]
    // Nothing else is said of one that was not to happen.
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
