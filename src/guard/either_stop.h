#pragma once
// For work that ends when the guard is asked to stop, or may no longer act.
#include <stop_token>

namespace redkeep::guard {

class EitherStop {
 public:
  EitherStop(const std::stop_token& one, const std::stop_token& other)
      : of_one_(one, Give{&source_}), of_other_(other, Give{&source_}) {}

  /// Stopped as soon as one of the two is. Good as long as this object.
  std::stop_token token() const { return source_.get_token(); }

 private:
  struct Give {
    std::stop_source* source;
    void operator()() const { source->request_stop(); }
  };
  std::stop_source source_;
  std::stop_callback<Give> of_one_;
  std::stop_callback<Give> of_other_;
};

}  // namespace redkeep::guard
