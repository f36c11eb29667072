# Tests of the ops that send: several ranks on one device, which the processor's NCCL takes and NVIDIA's refuses.
set(EXCHANGE ${ROUTING} sums stage logits)
add_op_test(cuda_exchange exchange "${EXCHANGE}" TEST_EP=4)
add_op_test(cuda_exchange_replicas exchange "${EXCHANGE}" ${F32} TEST_EP=2 TEST_REPLICAS=1 TEST_SLOTS=6)
add_op_test(cuda_exchange_capacity exchange "${EXCHANGE}" TEST_EP=2 TEST_EXACT=0 TEST_CAPACITY=6)
add_op_test(cuda_exchange_tp exchange "${EXCHANGE}" ${F32} TEST_TP=2)
foreach(test cuda_exchange cuda_exchange_replicas cuda_exchange_capacity cuda_exchange_tp)
  target_link_libraries(test-${test} PRIVATE nccl_on_cpu)
endforeach()
