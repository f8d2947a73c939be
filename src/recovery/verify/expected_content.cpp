#include "recovery/verify/expected_content.h"

namespace redkeep::recovery {
namespace {

keys::FingerprintSet without(const keys::FingerprintSet& prints,
                             const keys::FingerprintSet& left_out) {
  keys::FingerprintSet kept;
  prints.each([&](std::uint64_t print) {
    if (!left_out.contains(print)) kept.insert(print);
  });
  return kept;
}

void leave_out(const keys::FingerprintSet& prints, Damage& damage) {
  if (prints.size() == 0) return;
  for (keys::FingerprintSet* kind :
       {&damage.missing, &damage.changed, &damage.wrong_type, &damage.orphaned}) {
    *kind = without(*kind, prints);
  }
}

}  // namespace

Status leave_out_what_is_right(const ExpectedContent& content, Damage& damage) {
  leave_out(content.not_judged, damage);
  if (!damage.any() || !content.touched_since) return {};
  const auto touched = content.touched_since();
  if (!touched) return touched.error();
  leave_out(*touched, damage);
  return {};
}

}  // namespace redkeep::recovery
