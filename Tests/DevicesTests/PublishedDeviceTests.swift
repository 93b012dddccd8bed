import Glissade
import TestSupport
import Testing

/// What is known of devices that are not here.
struct PublishedDeviceTests {
  @Test func namesAreUniqueAndFound() {
    let names = PublishedDevice.all.map(\.name)
    #expect(Set(names).count == names.count && names.allSatisfy { $0 == $0.lowercased() && !$0.contains(" ") })
    for name in names { #expect(PublishedDevice.named(name.uppercased())?.name == name) }
    #expect(PublishedDevice.named("voodoo2") == nil)
  }

  /// Peaks as the makers publish them, in 10¹² operations per second.
  @Test(arguments: [("h100", 66.9), ("rtx-4060", 15.1), ("rx-7600", 21.7), ("arc-a770", 17.2), ("apple-m1", 2.6)])
  func peaksAreThePublishedOnes(_ name: String, _ teraflops: Double) throws {
    let figures = try #require(PublishedDevice.named(name)).figures
    #expect(abs(figures.operationsPerSecond / 1e12 / teraflops - 1) < 0.02)
  }

  /// What is planned for a device that is not here is what would be planned if it were.
  @Test func profilesAreThoseOfOpenCLDevices() {
    for device in TestDevices.openCL.map(\.device) where device.profile.style == .gpu {
      let (profile, own) = (
        device.profile, DeviceProfile.gpu(computeUnits: device.information.computeUnits, products: device.profile.products)
      )
      #expect(
        profile.tile == own.tile && profile.shares == own.shares && profile.workers == own.workers && own.wideTile == profile.wideTile)
    }
  }

  /// A processor's driver gives each thread the first part, the second part and so on of the work-groups: none of them may be idle.
  @Test func processorsUnderADriverHaveAnItemForEachThread() {
    for device in TestDevices.openCL.map(\.device) where device.profile.style == .cpu {
      #expect(device.profile.shares == device.information.computeUnits && device.profile.workers == device.profile.shares)
    }
  }

  @Test(arguments: PublishedDevice.all.map(\.name)) func aStepIsPlannedAndHasACost(_ name: String) throws {
    let device = try #require(PublishedDevice.named(name))
    #expect(device.profile.style == .gpu && !device.source.isEmpty && !device.title.isEmpty)
    let session = try TrainingSession(
      model: LeNet(input: [28, 28, 1], classes: 10), sampleShape: [28, 28, 1], batchSize: 32, groups: [ParameterGroup(Adam())],
      device: try CPUDevice(threads: 1))
    let plan = try session.plan(batchSize: 32, isTraining: true, for: device.profile)
    let cost = StepCost(plan, on: device.figures)
    #expect(cost.seconds > Double(plan.launches.count) * 1e-6 && cost.seconds < 1)
    #expect(cost.overlapped <= cost.inOrder && cost.queueing > 0)
  }
}
