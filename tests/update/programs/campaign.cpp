/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts power at flash operations of every flow, and checks after each boot that the device is right.
 *
 *   campaign first EVERY [PART PARTS]   one cut: each operation and outcome, fill level, kind of flash
 *   campaign second RUNS SEED           two cuts: first sampled, then every operation of the recovery
 *   campaign third RUNS SEED            three cuts, sampled
 *   campaign faults RUNS SEED           stuck bits, bad sectors, read disturb, rot, with and without a cut
 *   campaign replay G E FLOW FILL SEED [OPERATION TORN]... [faults SEED]
 *
 * EVERY 1 takes all start states, n about one of n. Prints counts; on a finding the line that replays it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <memory>
#include <vector>

#include "flows.h"

namespace ecu::test {
namespace {

constexpr Geometry kGeometries[] = {{1, 4096}, {8, 2048}, {32, 8192}, {128, 1408}};
constexpr unsigned kGeometryCount = 4;
constexpr uint8_t kErased[] = {0xff, 0x00};

/* What a run starts from. */
struct Scene {
  unsigned geometry;
  unsigned erased;
  unsigned flow;
  uint32_t fill;
  uint64_t seed;
};

const Shelf& shelf_of(unsigned geometry) {
  static std::unique_ptr<Shelf> shelves[kGeometryCount];
  if (shelves[geometry] == nullptr) {
    shelves[geometry] = std::make_unique<Shelf>(kGeometries[geometry]);
  }
  return *shelves[geometry];
}

Device device_of(const Scene& scene) {
  return Device(shelf_of(scene.geometry), kGeometries[scene.geometry], kErased[scene.erased],
                kFlows[scene.flow].start, scene.fill, scene.seed);
}

uint32_t least_fill(unsigned flow) {
  const Start& start = kFlows[flow].start;
  return start.factory ? 0 : 1;
}

uint32_t most_fill(unsigned flow, unsigned geometry) {
  const Geometry& g = kGeometries[geometry];
  return kFlows[flow].start.factory ? 0 : g.sector / std::max(kRecordSize, g.unit);
}

enum class End { kDone, kCut, kFailed };

/* Repeats the flow until it is done, or power fails. */
End run(Device& device, const Flow& flow) {
  for (unsigned session = 0; session < kMostSessions; ++session) {
    device.power_on();
    const bool done = device.opened() && flow.session(device);
    device.expect(true, "");
    if (!device.failure().empty()) {
      return End::kFailed;
    }
    if (!device.flash.powered()) {
      return End::kCut;
    }
    if (done) {
      return End::kDone;
    }
  }
  device.demand(!device.can_go_on(), "does not come to an end");
  return device.failure().empty() ? End::kDone : End::kFailed;
}

struct Counts {
  uint64_t runs = 0;
  uint64_t cuts = 0;
};

class Campaign {
 public:
  /* One run with all cuts; the device starts where the scene does. */
  uint32_t replay(const Scene& scene, const std::vector<Cut>& cuts, uint64_t faults = 0) {
    Device device = device_of(scene);
    if (faults != 0) {
      add_fault(device, faults);
      faults_ = faults;
    }
    return proceed(device, scene, cuts, 0);
  }

  /* From where the first `used` cuts have led. Gives the operations of the whole run. */
  uint32_t proceed(Device& device, const Scene& scene, const std::vector<Cut>& cuts, size_t used) {
    for (size_t i = used;; ++i) {
      if (i < cuts.size()) {
        device.flash.cut_at(cuts[i], scene.seed);
      }
      const End end = run(device, kFlows[scene.flow]);
      counts_.cuts += end == End::kCut ? 1U : 0U;
      if (end == End::kFailed) {
        fail(device, scene, cuts);
      }
      if (end == End::kDone) {
        break;
      }
    }
    ++counts_.runs;
    wear_ = device.flash.most_worn() > wear_ ? device.flash.most_worn() : wear_;
    return device.flash.operations();
  }

  void first(uint32_t every, uint32_t part, uint32_t parts) {
    Random random(every);
    uint32_t number = 0;
    for (unsigned flow = 0; flow < kFlowCount; ++flow) {
      for (unsigned geometry = 0; geometry < kGeometryCount; ++geometry) {
        const uint32_t least = least_fill(flow);
        for (uint32_t fill = least; fill <= most_fill(flow, geometry); ++fill) {
          // A nearly full journal is where mistakes show: it is never left out.
          const bool edge = fill + 6 > most_fill(flow, geometry);
          for (unsigned erased = 0; erased < 2; ++erased) {
            const uint64_t seed = (fill * 64ULL) + (geometry * 16ULL) + (erased * 8ULL) + every;
            const bool chosen = every == 1 || random.below(every / (edge ? 8U : 1U) + 1U) == 0;
            if (chosen && number++ % parts == part) {
              all_first_cuts({geometry, erased, flow, fill, seed});
            }
          }
        }
      }
    }
  }

  void second(uint64_t runs, uint64_t seed) {
    Random random(seed);
    while (counts_.runs < runs) {
      const Scene scene = sample(random);
      const uint32_t operations = replay(scene, {});
      const Cut cut = sample_cut(random, 0, operations);
      Device device = device_of(scene);
      device.flash.cut_at(cut, scene.seed);
      if (run(device, kFlows[scene.flow]) == End::kFailed) {
        fail(device, scene, {cut});
      }
      Device recovered = device;
      const uint32_t end = proceed(recovered, scene, {cut}, 1);
      for (uint32_t operation = device.flash.operations(); operation < end; ++operation) {
        for (unsigned torn = 0; torn < kTornKinds; ++torn) {
          Device copy = device;
          proceed(copy, scene, {cut, {operation, static_cast<Torn>(torn)}}, 1);
        }
      }
    }
  }

  void third(uint64_t runs, uint64_t seed) {
    Random random(seed);
    while (counts_.runs < runs) {
      const Scene scene = sample(random);
      uint32_t from = 0;
      uint32_t end = replay(scene, {});
      std::vector<Cut> cuts;
      for (unsigned i = 0; i < 3 && from < end; ++i) {
        cuts.push_back(sample_cut(random, from, end));
        from = cuts.back().operation + 1;
        end = replay(scene, cuts);
      }
    }
  }

  void faults(uint64_t runs, uint64_t seed) {
    Random random(seed);
    while (counts_.runs < runs) {
      const Scene scene = sample(random);
      const uint32_t operations = replay(scene, {});
      std::vector<Cut> cuts;
      if (random.below(2) == 0) {
        cuts.push_back(sample_cut(random, 0, operations));
      }
      replay(scene, cuts, 1 + (random.next() >> 32U));
      faults_ = 0;
    }
    printf("most erases of a sector in a run: %u\n", wear_);
  }

  void print(const char* mode) const {
    printf("%s: %llu runs, %llu power cuts, %u flows, 0 failures\n", mode,
           static_cast<unsigned long long>(counts_.runs), static_cast<unsigned long long>(counts_.cuts),
           kFlowCount);
  }

 private:
  void all_first_cuts(const Scene& scene) {
    const uint32_t operations = replay(scene, {});
    for (uint32_t operation = 0; operation < operations; ++operation) {
      for (unsigned torn = 0; torn < kTornKinds; ++torn) {
        replay(scene, {{operation, static_cast<Torn>(torn)}});
      }
    }
  }

  /* One fault, or a few stuck bits; some heal while the run goes on. */
  static void add_fault(Device& device, uint64_t seed) {
    Random random(seed);
    FlashSimulator& flash = device.flash;
    const uint32_t kind = random.below(10);
    const uint32_t areas[] = {flash.slot(0), flash.slot(1), flash.journal(0), flash.journal(1),
                              flash.keys(0)};
    const uint32_t address = areas[random.below(5)];
    const unsigned until = random.below(2) == 0 ? 0 : 2 + random.below(3);
    if (kind == 0) {
      device.set_fault(Fault::kReads, until);
      flash.disturb(300 + random.below(3000));  // a tenth of the records of a run, at most
    } else if (kind == 2) {
      const unsigned session = 1 + random.below(5);
      device.set_fault(Fault::kLosses, session);
      device.find_again(random.below(3) == 0 ? 0 : session + 1 + random.below(3));
    } else if (kind == 1) {
      device.set_fault(Fault::kWrites, until);
      for (uint32_t left = 1 + random.below(4); left > 0; --left) {
        flash.stick(areas[random.below(5)] + random.below(flash.geometry().sector), random);
      }
    } else if (kind < 5) {
      device.set_fault(Fault::kRot, 1 + random.below(5));
      if (kind == 4) {
        device.rot_anywhere();
      }
    } else {
      const Bad bad = static_cast<Bad>(kind - 4);
      device.set_fault(bad == Bad::kReadFails ? Fault::kReads : Fault::kWrites, until);
      flash.damage_sector(address, bad);
      if (address < flash.journal(0) && (bad == Bad::kEraseFails || bad == Bad::kEraseIgnored)) {
        device.keeps_what_is_given_up();
      }
    }
  }

  static Scene sample(Random& random) {
    Scene scene = {};
    scene.geometry = random.below(kGeometryCount);
    scene.erased = random.below(2);
    scene.flow = random.below(kFlowCount);
    const uint32_t least = least_fill(scene.flow);
    const uint32_t most = most_fill(scene.flow, scene.geometry);
    const bool edge = random.below(2) == 0 && most > least + 8;
    scene.fill = edge ? most - random.below(8) : least + random.below(most - least + 1);
    scene.seed = random.next() >> 32U;
    return scene;
  }

  static Cut sample_cut(Random& random, uint32_t from, uint32_t end) {
    const uint32_t operation = from + random.below(end - from);
    return {operation, static_cast<Torn>(random.below(kTornKinds))};
  }

  [[noreturn]] void fail(const Device& device, const Scene& scene, const std::vector<Cut>& cuts) const {
    printf("FAILED %s: %s\nreplay %u %u %s %u %llu", kFlows[scene.flow].name, device.failure().c_str(),
           scene.geometry, scene.erased, kFlows[scene.flow].name, scene.fill,
           static_cast<unsigned long long>(scene.seed));
    for (const Cut& cut : cuts) {
      printf(" %u %u", cut.operation, static_cast<unsigned>(cut.torn));
    }
    if (faults_ != 0) {
      printf(" faults %llu", static_cast<unsigned long long>(faults_));
    }
    printf("\n");
    exit(1);
  }

  Counts counts_;
  uint64_t faults_ = 0;  // seed of the faults of this run
  uint32_t wear_ = 0;
};

unsigned flow_of(const char* name) {
  for (unsigned flow = 0; flow < kFlowCount; ++flow) {
    if (strcmp(kFlows[flow].name, name) == 0) {
      return flow;
    }
  }
  printf("no flow %s\n", name);
  exit(2);
}

uint32_t number(const char* text) { return static_cast<uint32_t>(strtoul(text, nullptr, 10)); }

int run_replay(Campaign& campaign, char** words, int count) {
  const Scene scene = {number(words[0]), number(words[1]), flow_of(words[2]), number(words[3]),
                       strtoull(words[4], nullptr, 10)};
  std::vector<Cut> cuts;
  uint64_t faults = 0;
  for (int i = 5; i + 1 < count; i += 2) {
    if (strcmp(words[i], "faults") == 0) {
      faults = strtoull(words[i + 1], nullptr, 10);
      break;
    }
    cuts.push_back({number(words[i]), static_cast<Torn>(number(words[i + 1]))});
  }
  const uint32_t operations = campaign.replay(scene, cuts, faults);
  printf("%s: %u flash operations, right\n", kFlows[scene.flow].name, operations);
  return 0;
}

int run_campaign(int argc, char** argv) {
  Campaign campaign;
  const char* const mode = argc > 2 ? argv[1] : "";
  if (strcmp(mode, "replay") == 0 && argc >= 7) {
    return run_replay(campaign, argv + 2, argc - 2);
  }
  if (strcmp(mode, "first") == 0) {
    campaign.first(number(argv[2]), argc > 4 ? number(argv[3]) : 0, argc > 4 ? number(argv[4]) : 1);
  } else if (strcmp(mode, "second") == 0 && argc == 4) {
    campaign.second(number(argv[2]), number(argv[3]));
  } else if (strcmp(mode, "third") == 0 && argc == 4) {
    campaign.third(number(argv[2]), number(argv[3]));
  } else if (strcmp(mode, "faults") == 0 && argc == 4) {
    campaign.faults(number(argv[2]), number(argv[3]));
  } else {
    printf("see the comment at the top of campaign.cpp\n");
    return 2;
  }
  campaign.print(mode);
  return 0;
}

}  // namespace
}  // namespace ecu::test

int main(int argc, char** argv) { return ecu::test::run_campaign(argc, argv); }
