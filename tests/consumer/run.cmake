# Installs the build into a prefix of its own, then configures, builds and tests the consumer.
function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    list(JOIN ARGV " " text)
    message(FATAL_ERROR "failed: ${text}")
  endif()
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}")
set(flags "${CXX_FLAGS}")
if(SANITIZER)
  string(APPEND flags " -fsanitize=${SANITIZER}")
endif()
run(${CMAKE_COMMAND} --install "${BUILD_DIR}" --prefix "${WORK_DIR}/prefix")
run(${CMAKE_COMMAND} -S "${CONSUMER_DIR}" -B "${WORK_DIR}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}"
    "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --build "${WORK_DIR}/build")
run(ctest --test-dir "${WORK_DIR}/build" --output-on-failure --no-tests=error)
