#pragma once
// Metrics as they are gathered for one scrape, in the order in which they are told. Pure.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace redkeep::app::http {

using prometheus::MetricType;

class Families {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  // Starts a metric; its values follow.
  void start(std::string name, std::string help, MetricType type) {
    families_.push_back({std::move(name), std::move(help), type, {}});
  }
  void add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == MetricType::Counter) {
      metric.counter.value = value;
    } else {
      metric.gauge.value = value;
    }
    families_.back().metric.push_back(std::move(metric));
  }
  void gauge(std::string name, std::string help, double value) {
    start(std::move(name), std::move(help), MetricType::Gauge);
    add(value);
  }
  void counter(std::string name, std::string help, double value) {
    start(std::move(name), std::move(help), MetricType::Counter);
    add(value);
  }
  std::string text() const { return prometheus::TextSerializer().Serialize(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

inline double as_double(std::int64_t value) { return static_cast<double>(value); }

inline double seconds_since(std::chrono::steady_clock::time_point then,
                            std::chrono::steady_clock::time_point now) {
  return std::chrono::duration<double>(now - then).count();
}

}  // namespace redkeep::app::http
