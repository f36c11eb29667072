# Tests of single ops of CUDA ranks: add_op_test(NAME SUITE "OPS" DEFINITION...), one executable a split of the fixture.
# The includer says what runs them, a processor or a GPU: add_op_executable(NAME SOURCE...), and MATMUL, the op or file
# that has matmul().
function(add_op_test name suite ops)
  set(sources ${suite}.cpp rows.cpp harness.cpp)
  foreach(op ${ops})
    if(op MATCHES "\\.cpp$")
      list(APPEND sources ${op})
    else()
      list(APPEND sources ${CMAKE_SOURCE_DIR}/runtime/cuda/ops/${op}.cu)
    endif()
  endforeach()
  add_op_executable(test-${name} ${sources})
  target_compile_definitions(test-${name} PRIVATE ${ARGN})
  target_include_directories(test-${name} PRIVATE fixture ${CMAKE_SOURCE_DIR}/runtime ${CMAKE_SOURCE_DIR}/generator)
  target_link_libraries(test-${name} PRIVATE suites m)
  add_test(NAME ${name} COMMAND test-${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 300)
endfunction()

set(F32 TEST_DTYPE=DTYPE_F32)

set(ATTENTION attention rotary)
add_op_test(cuda_attention attention "${ATTENTION}")
add_op_test(cuda_attention_f32 attention "${ATTENTION}" ${F32} TEST_HEAD_DIM=64 TEST_WINDOW=37)
add_op_test(cuda_attention_wide attention "${ATTENTION}" TEST_HEAD_DIM=128 TEST_HEADS=6 TEST_CONTEXT=700)
add_op_test(cuda_embedding embedding "embed;residual;rotary" TEST_TP=2)

set(EXPERTS experts ${MATMUL})
add_op_test(cuda_experts experts "${EXPERTS}")
add_op_test(cuda_experts_split experts "${EXPERTS}" ${F32} TEST_EP=2 TEST_TP=2 TEST_TILE=1000)
# Runs that hold many rows of an expert: cuBLASLt's part; and those that hold both many and few.
add_op_test(cuda_experts_many experts "${EXPERTS}" TEST_EP=4 TEST_TILE=384 TEST_HIDDEN=136)
add_op_test(cuda_experts_both experts "${EXPERTS}" ${F32} TEST_EP=4 TEST_TILE=160 TEST_HIDDEN=136)
add_op_test(cuda_experts_capacity experts "${EXPERTS}" TEST_EXACT=0 TEST_EP=2 TEST_CAPACITY=12 TEST_TILE=50)
# Decode's tiles of 32 and 64 rows.
add_op_test(cuda_experts_tile_32 experts "${EXPERTS}" TEST_EP=4 TEST_DECODE_ROWS=16 TEST_TILE=4000)
add_op_test(cuda_experts_tile_64 experts "${EXPERTS}" ${F32} TEST_EP=8 TEST_DECODE_ROWS=40 TEST_TILE=4000)

set(HEAD head ${MATMUL})
add_op_test(cuda_head head "${HEAD}")
add_op_test(cuda_head_split head "${HEAD}" ${F32} TEST_TP=2)

add_op_test(cuda_sample sample sample)
add_op_test(cuda_sample_split sample sample TEST_TP=2 TEST_VOCABULARY=5003)
foreach(test cuda_sample cuda_sample_split)
  target_sources(test-${test} PRIVATE ${CMAKE_SOURCE_DIR}/runtime/sample.c)
endforeach()

set(ROUTING route places dispatch combine)
add_op_test(cuda_routing routing "${ROUTING}" ${F32})
add_op_test(cuda_routing_split routing "${ROUTING}" TEST_EP=4)
add_op_test(cuda_routing_replicas routing "${ROUTING}" ${F32} TEST_EP=2 TEST_REPLICAS=1 TEST_SLOTS=6)
add_op_test(cuda_routing_capacity routing "${ROUTING}" TEST_EP=2 TEST_EXACT=0 TEST_CAPACITY=6)
# More rows than a block of the scans has threads.
add_op_test(cuda_routing_many routing "${ROUTING}" TEST_EP=2 TEST_ROWS=1100)
add_op_test(cuda_routing_many_capacity routing "${ROUTING}" TEST_EXACT=0 TEST_CAPACITY=250 TEST_ROWS=1100)
